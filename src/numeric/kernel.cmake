# What the kernels need beyond the flags of every file: their instruction sets on x86-64 (chosen at run
# time, kernel_choice.c), loops that the compiler may vectorise, and OpenMP where it is to be had.
# Included after the targets are made.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set_source_files_properties(kernel_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma")
    set_source_files_properties(kernel_avx512.c PROPERTIES
        COMPILE_OPTIONS "-mavx2;-mfma;-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw;-mprefer-vector-width=512")
endif()
set_source_files_properties(kernel_portable.c PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")

# ThreadSanitizer does not see libgomp's barriers: one thread there
find_package(OpenMP COMPONENTS C)
if(OpenMP_C_FOUND AND NOT NABLA_SANITIZE MATCHES thread)
    foreach(target nabla_numeric nabla_shared nabla_static)
        if(TARGET ${target})
            target_link_libraries(${target} PRIVATE OpenMP::OpenMP_C)
        endif()
    endforeach()
endif()
