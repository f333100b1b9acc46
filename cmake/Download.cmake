# Sets `result` to the path of an archive of the package index, and stops where its hash is another:
#
#   muspeaker_archive(<result> PACKAGE <name> VERSION <version> SHA256 <hash>
#                     GIVEN <a file already downloaded, or empty> FILE <name that pip gives it>
#                     FOLDER <folder in the build folder> PIP <what pip needs to be told>
#                     OFFLINE <what to give to CMake where there is no network>)
#
# An archive that is not given is downloaded once into the build folder. pip is asked with -I because an
# isolated build environment hides it otherwise, and without what the pip that builds us, and a cross-build, have put
# into the environment: it would take our build backend for that of the archive, and ARM's tools for this machine's.
# pip's names for our backend change (PEP517_BACKEND_PATH before 23.3, _PYPROJECT_HOOKS_BACKEND_PATH_JSON since 26.3),
# so all of their kind are left out.
function(muspeaker_archive result)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "PACKAGE;VERSION;SHA256;GIVEN;FILE;FOLDER;OFFLINE" "PIP")
  set(archive "${ARG_GIVEN}")
  if(NOT archive)
    set(folder "${CMAKE_BINARY_DIR}/${ARG_FOLDER}")
    set(archive "${folder}/${ARG_FILE}")
    if(NOT EXISTS "${archive}")
      message(STATUS "Downloading ${ARG_PACKAGE} ${ARG_VERSION}")
      file(MAKE_DIRECTORY "${folder}")
      execute_process(COMMAND "${CMAKE_COMMAND}" -E environment OUTPUT_VARIABLE environment)
      string(REGEX MATCHALL "(_PYPROJECT_HOOKS|PEP517)_[A-Z_]+" hooks "${environment}")
      list(TRANSFORM hooks PREPEND "--unset=")
      execute_process(
        COMMAND "${CMAKE_COMMAND}" -E env ${hooks} --unset=_PYTHON_HOST_PLATFORM --unset=SETUPTOOLS_EXT_SUFFIX
                "${Python_EXECUTABLE}" -I -m pip --quiet --disable-pip-version-check download
                --no-deps ${ARG_PIP} --dest "${folder}" ${ARG_PACKAGE}==${ARG_VERSION}
        RESULT_VARIABLE status)
      if(NOT status EQUAL 0)
        message(FATAL_ERROR "pip could not download ${ARG_PACKAGE}; without a network, give ${ARG_OFFLINE}")
      endif()
    endif()
  endif()
  file(SHA256 "${archive}" actual)
  if(NOT actual STREQUAL ARG_SHA256)
    message(FATAL_ERROR "${archive} has sha256 ${actual}, expected ${ARG_SHA256}")
  endif()
  set(${result} "${archive}" PARENT_SCOPE)
endfunction()
