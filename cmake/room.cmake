# nabla_room(NAME USES other rooms PARTS imported targets)
# A room is the static library nabla_NAME of its folder's *.c, main.c left out (a program's room gets
# its executable beside the library). Its headers are included as "NAME/file.h"; a room sees the
# headers of the rooms it USES (and of those they use) and of no other: each is exported as an
# include directory of its own, a link made at configure time.
function(nabla_room name)
    cmake_parse_arguments(ROOM "" "" "USES;PARTS" ${ARGN})
    set(door ${CMAKE_BINARY_DIR}/rooms/${name})
    file(MAKE_DIRECTORY ${door})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${door}/${name} SYMBOLIC)
    file(GLOB sources CONFIGURE_DEPENDS *.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    add_library(nabla_${name} STATIC ${sources})
    target_include_directories(nabla_${name} PUBLIC ${door})
    foreach(room IN LISTS ROOM_USES)
        target_link_libraries(nabla_${name} PUBLIC nabla_${room})
    endforeach()
    foreach(part IN LISTS ROOM_PARTS)
        target_link_libraries(nabla_${name} PRIVATE ${part})
    endforeach()
endfunction()
