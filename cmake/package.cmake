# Debian packages, made by `./dev package` from the preset of that name: nablad, nabla, libnabla0, libnabla-dev,
# one a component. What each installs says so where it is installed, by COMPONENT.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME nabla)
set(CPACK_PACKAGE_CONTACT "nabla maintainers <maintainers@nabla.invalid>")
set(CPACK_COMPONENTS_ALL nablad nabla libnabla0 libnabla-dev)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)

set(CPACK_DEBIAN_NABLAD_PACKAGE_NAME nablad)
set(CPACK_DEBIAN_NABLAD_PACKAGE_SECTION net)
set(CPACK_DEBIAN_NABLAD_PACKAGE_SUGGESTS "nabla, prometheus-alertmanager")
set(CPACK_DEBIAN_NABLAD_DESCRIPTION "daemon that tells how fast things change
Takes timestamped samples over TCP, UDP and HTTP, differentiates each series
as its samples arrive, and serves rates of change as JSON, Prometheus metrics,
live events, alerts and a page for people.")
set(folder ${CMAKE_CURRENT_LIST_DIR}/debian)
set(CPACK_DEBIAN_NABLAD_PACKAGE_CONTROL_EXTRA
    ${folder}/conffiles ${folder}/postinst ${folder}/prerm ${folder}/postrm)

set(CPACK_DEBIAN_NABLA_PACKAGE_NAME nabla)
set(CPACK_DEBIAN_NABLA_PACKAGE_SECTION science)
set(CPACK_DEBIAN_NABLA_PACKAGE_SUGGESTS nablad)
set(CPACK_DEBIAN_NABLA_DESCRIPTION "command for gradients of files, and client of nablad
Computes numpy.gradient of .npy and .csv files to the last bit, larger than
memory if need be; sends samples to nablad, watches its rates and alerts,
checks its configuration, tests its rules and looks after its state.")

set(CPACK_DEBIAN_LIBNABLA0_PACKAGE_NAME libnabla0)
set(CPACK_DEBIAN_LIBNABLA0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBNABLA0_PACKAGE_CONTROL_EXTRA ${folder}/triggers)
set(CPACK_DEBIAN_LIBNABLA0_DESCRIPTION "gradients of arrays, as numpy.gradient computes them (library)
The shared library for C programs.")

set(CPACK_DEBIAN_LIBNABLA-DEV_PACKAGE_NAME libnabla-dev)
set(CPACK_DEBIAN_LIBNABLA-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBNABLA-DEV_PACKAGE_DEPENDS "libnabla0 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_LIBNABLA-DEV_DESCRIPTION "gradients of arrays, as numpy.gradient computes them (development)
The header, the static library, and what pkg-config and CMake need.")

include(CPack)

# Each package says whose it is and what has changed; Debian wants texts compressed.
find_program(GZIP gzip REQUIRED)
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian CONTENT
"nabla (@PROJECT_VERSION@-@CPACK_DEBIAN_PACKAGE_RELEASE@) unstable; urgency=medium

  * Made from the sources by ./dev package; changelog.gz says what they changed.

 -- @CPACK_PACKAGE_CONTACT@  @now@
" @ONLY)
foreach(component ${CPACK_COMPONENTS_ALL})
    set(texts ${CMAKE_INSTALL_DATADIR}/doc/${component})
    install(FILES ${folder}/copyright DESTINATION ${texts} COMPONENT ${component})
    install(FILES CHANGELOG.md DESTINATION ${texts} RENAME changelog COMPONENT ${component})
    install(FILES ${CMAKE_CURRENT_BINARY_DIR}/changelog.Debian DESTINATION ${texts}
        COMPONENT ${component})
    install(CODE "
        set(share \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR})
        file(GLOB texts \${share}/man/man?/nabla*.? \${share}/doc/${component}/changelog*)
        list(FILTER texts EXCLUDE REGEX [.]gz$)
        execute_process(COMMAND ${GZIP} -9nf \${texts} COMMAND_ERROR_IS_FATAL ANY)"
        COMPONENT ${component})
endforeach()
