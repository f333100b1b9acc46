# Toolchain of 64-bit ARM on another Debian machine: the packages g++-aarch64-linux-gnu and, to run what comes out,
# qemu-user-static. For the Python module give Python_INCLUDE_DIR, a folder of headers for ARM (.ci/arm64_root).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE BOTH)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
set(PYBIND11_USE_CROSSCOMPILING ON) # the module is named as SETUPTOOLS_EXT_SUFFIX says, not as the host's
