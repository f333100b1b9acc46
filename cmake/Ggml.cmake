# ggml v0.15.3, pinned. Its sources come, in this order, from
#   MUSPEAKER_GGML=<source tree>      an unpacked ggml
#   MUSPEAKER_GGML=system             find_package(ggml CONFIG)
#   MUSPEAKER_GGML_ARCHIVE=<sdist>    the sdist of ggml-python 0.0.45, already downloaded
#   otherwise                         the same sdist, downloaded with pip from its configured index
# Whichever archive is used must have the hash below. Nothing of ggml is changed or vendored.
include(Download)

set(MUSPEAKER_GGML "" CACHE STRING "A ggml source tree, or `system`; empty takes the pinned package")
set(MUSPEAKER_GGML_ARCHIVE "" CACHE FILEPATH "The sdist of ggml-python 0.0.45")
option(MUSPEAKER_NATIVE "Build ggml for this machine's own instruction set: faster, not portable" OFF)

set(MUSPEAKER_GGML_PACKAGE_VERSION "0.0.45")
set(MUSPEAKER_GGML_SHA256 "10aac52075cf3c7ef2b00d6c35b1c23f7b018dbeff8ae8df67339b4be1166f05")

# Sets `result` to an unpacked source tree: the CPU backend and what it needs, nothing else.
function(muspeaker_ggml_sources result)
  set(folder "${CMAKE_BINARY_DIR}/ggml-source")
  set(root "ggml_python-${MUSPEAKER_GGML_PACKAGE_VERSION}/vendor/ggml")
  if(NOT EXISTS "${folder}/${root}/src/ggml-cpu/CMakeLists.txt")
    muspeaker_archive(archive
      PACKAGE ggml-python VERSION ${MUSPEAKER_GGML_PACKAGE_VERSION} SHA256 ${MUSPEAKER_GGML_SHA256}
      GIVEN "${MUSPEAKER_GGML_ARCHIVE}" FILE ggml_python-${MUSPEAKER_GGML_PACKAGE_VERSION}.tar.gz
      FOLDER ggml-download PIP --no-binary ggml-python
      OFFLINE "MUSPEAKER_GGML_ARCHIVE=<sdist> or MUSPEAKER_GGML=<source tree>")
    file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${folder}" PATTERNS
      "${root}/CMakeLists.txt" "${root}/LICENSE" "${root}/AUTHORS" "${root}/ggml.pc.in"
      "${root}/cmake/*" "${root}/include/*" "${root}/src/CMakeLists.txt" "${root}/src/*.c"
      "${root}/src/*.cpp" "${root}/src/*.h" "${root}/src/*.in" "${root}/src/ggml-cpu/*")
  endif()
  set(${result} "${folder}/${root}" PARENT_SCOPE)
endfunction()

# A function, so that what ggml's options need stays away from our own targets.
function(muspeaker_add_ggml source)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  set(CMAKE_C_VISIBILITY_PRESET hidden)
  set(CMAKE_CXX_VISIBILITY_PRESET hidden)
  set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
  set(BUILD_SHARED_LIBS OFF)
  set(GGML_LLAMAFILE ON)  # off by default, and half the speed without
  set(GGML_OPENMP OFF)    # no second libgomp next to PyTorch's
  set(GGML_CCACHE OFF)
  set(GGML_ALL_WARNINGS OFF)
  set(GGML_BUILD_TESTS OFF)
  set(GGML_BUILD_EXAMPLES OFF)
  # The baseline of the family: any x86-64, any armv8-a. What costs time is in our kernels, which have an object for
  # each instruction set. Every set is named, for ggml takes some without being asked.
  set(GGML_NATIVE ${MUSPEAKER_NATIVE})
  if(NOT MUSPEAKER_NATIVE)
    foreach(isa SSE42 AVX AVX2 BMI2 FMA F16C)
      set(GGML_${isa} OFF)
    endforeach()
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$" AND NOT APPLE)
      set(GGML_CPU_ARM_ARCH "armv8-a")
    endif()
  endif()
  add_subdirectory("${source}" "${CMAKE_BINARY_DIR}/ggml" EXCLUDE_FROM_ALL)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT MSVC)
    # Graphs, files and types of weights that we do not use: with -O3 they are more than twice as large, and it is
    # ggml-cpu that computes.
    target_compile_options(ggml-base PRIVATE -Os)
  endif()
  if(MUSPEAKER_SANITIZE AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # ggml measures a graph by moving a null pointer, which GCC's sanitizer lets pass
    target_compile_options(ggml-base PRIVATE -fno-sanitize=pointer-overflow)
  endif()
  if(MUSPEAKER_SANITIZE AND NOT MSVC)
    # It counts graphs in the upper half of an int, whose sign the 32,768th reaches: compilers let it wrap
    target_compile_options(ggml-cpu PRIVATE -fno-sanitize=shift-base)
  endif()
  foreach(target ggml ggml-base ggml-cpu)
    get_target_property(headers ${target} INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${headers}")
  endforeach()
endfunction()

if(MUSPEAKER_GGML STREQUAL "system")
  find_package(ggml CONFIG REQUIRED)
  add_library(muspeaker_ggml INTERFACE)
  target_link_libraries(muspeaker_ggml INTERFACE ggml::ggml)
  set(MUSPEAKER_GGML_LICENSE "")
else()
  if(MUSPEAKER_GGML)
    set(MUSPEAKER_GGML_SOURCE "${MUSPEAKER_GGML}")
  else()
    muspeaker_ggml_sources(MUSPEAKER_GGML_SOURCE)
  endif()
  muspeaker_add_ggml("${MUSPEAKER_GGML_SOURCE}")
  add_library(muspeaker_ggml INTERFACE)
  target_link_libraries(muspeaker_ggml INTERFACE ggml)
  set(MUSPEAKER_GGML_LICENSE "${MUSPEAKER_GGML_SOURCE}/LICENSE")
endif()
