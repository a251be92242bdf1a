# The page that nablad serves: src/web, bundled, compressed and written as one C file, NABLA_PAGE_C, which
# this room compiles. Without NABLA_WEB that file holds nothing, and / is a list of links.
option(NABLA_WEB "build the page that nablad serves (needs node and npm)" ON)
set(NABLA_WEB_MODULES ${CMAKE_SOURCE_DIR}/build/web CACHE PATH "where npm puts what the page is built with")

if(NABLA_WEB)
    find_program(NABLA_NODE NAMES node nodejs)
    find_program(NABLA_NPM NAMES npm)
    if(NOT NABLA_NODE OR NOT NABLA_NPM)
        message(FATAL_ERROR "The page that nablad serves is built with node and npm, which are not here: "
            "install them (Debian: nodejs npm), or build without the page: -DNABLA_WEB=OFF")
    endif()
    set(web ${CMAKE_SOURCE_DIR}/src/web)
    set(NABLA_PAGE_C ${CMAKE_BINARY_DIR}/web/page_files.c)
    file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS
        ${web}/*.ts ${web}/*.css ${web}/*.html ${web}/*.svg ${web}/*.mjs ${web}/*.json)
    add_custom_command(OUTPUT ${NABLA_PAGE_C}
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/node-packages ${web} ${NABLA_WEB_MODULES}
        COMMAND ${NABLA_NODE} ${web}/build.mjs ${NABLA_WEB_MODULES} ${NABLA_PAGE_C}
        DEPENDS ${web_sources} ${CMAKE_SOURCE_DIR}/scripts/node-packages
        COMMENT "The page" VERBATIM)
else()
    set(NABLA_PAGE_C ${CMAKE_BINARY_DIR}/web/page_none.c)
    file(CONFIGURE OUTPUT ${NABLA_PAGE_C} CONTENT [[
#include "http/page_files.h"

const struct page_file page_files[1] = {{0}};
const uint32_t page_files_n = 0;
]])
endif()
