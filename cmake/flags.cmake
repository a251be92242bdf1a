# How every file of the project is compiled. No -ffast-math and no FMA contraction anywhere: the
# numerics promise bits.
add_compile_definitions(_GNU_SOURCE NABLA_VERSION="${PROJECT_VERSION}")
add_compile_options(
    -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Wmissing-prototypes -Werror
    -ffp-contract=off -fno-omit-frame-pointer -fstack-protector-strong -fPIE)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g -DNDEBUG")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g")
add_link_options(-Wl,-z,relro,-z,now -pie)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(NABLA_SANITIZE)
    add_compile_options(-fsanitize=${NABLA_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${NABLA_SANITIZE})
endif()
if(NABLA_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
if(NABLA_FUZZ)
    # every room reports which of its edges an input reaches; the targets bring libFuzzer itself
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(NABLA_FUZZ OR NABLA_SOCKETS)
    # clang's own remark on a union that ends in a flexible array and gives it its room (struct exposed)
    add_compile_options(-Wno-gnu-variable-sized-type-not-at-end)
endif()
