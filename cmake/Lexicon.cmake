# misaki 0.9.4's English lexicons (Apache-2.0), pinned: data alone, none of its code. They come, in this order, from
#   MUSPEAKER_LEXICON_ARCHIVE=<wheel>  the wheel of misaki 0.9.4, already downloaded
#   otherwise                          the same wheel, downloaded with pip from its configured index
# Whichever is used must have the hash below. tools/compile_lexicon.py makes the package's file of it and of the words in
# tools/names.tsv.
include(Download)

set(MUSPEAKER_LEXICON_ARCHIVE "" CACHE FILEPATH "The wheel of misaki 0.9.4")

set(MUSPEAKER_LEXICON_VERSION "0.9.4")
set(MUSPEAKER_LEXICON_SHA256 "90e2eeb169786c014c429e5058d2ea6bcd02d651f2a24450ba6c9ffc0f8da15a")

# Sets `result` to the compiled file, made at configuration so that a build needs no network.
function(muspeaker_lexicon_files result)
  set(data "${CMAKE_BINARY_DIR}/lexicon-source")
  set(out "${CMAKE_BINARY_DIR}/lexicon")
  set(files "${out}/lexicon.bin")
  set(compiler "${CMAKE_CURRENT_SOURCE_DIR}/tools/compile_lexicon.py")
  set(format "${CMAKE_CURRENT_SOURCE_DIR}/python/muspeaker/text/lexicon_file.py")
  set(names "${CMAKE_CURRENT_SOURCE_DIR}/tools/names.tsv")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${compiler}" "${format}" "${names}")
  set(fresh TRUE)
  foreach(file ${files})
    if(NOT EXISTS "${file}" OR "${compiler}" IS_NEWER_THAN "${file}"
       OR "${format}" IS_NEWER_THAN "${file}" OR "${names}" IS_NEWER_THAN "${file}")
      set(fresh FALSE)
    endif()
  endforeach()
  if(NOT fresh)
    muspeaker_archive(archive
      PACKAGE misaki VERSION ${MUSPEAKER_LEXICON_VERSION} SHA256 ${MUSPEAKER_LEXICON_SHA256}
      GIVEN "${MUSPEAKER_LEXICON_ARCHIVE}" FILE misaki-${MUSPEAKER_LEXICON_VERSION}-py3-none-any.whl
      FOLDER lexicon-download PIP --only-binary misaki --ignore-requires-python
      OFFLINE "MUSPEAKER_LEXICON_ARCHIVE=<wheel>")
    file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${data}" PATTERNS "misaki/data/*_gold.json"
                                                                           "misaki/data/*_silver.json")
    execute_process(COMMAND "${Python_EXECUTABLE}" "${compiler}" --data "${data}/misaki/data" --names
                            "${names}" --out "${out}" RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
      message(FATAL_ERROR "${compiler} failed")
    endif()
  endif()
  set(${result} "${files}" PARENT_SCOPE)
endfunction()

muspeaker_lexicon_files(MUSPEAKER_LEXICON_FILES)
install(FILES ${MUSPEAKER_LEXICON_FILES} DESTINATION muspeaker/text/data COMPONENT muspeaker)
if(MUSPEAKER_COPY_MODULE)
  file(COPY ${MUSPEAKER_LEXICON_FILES} DESTINATION
       "${CMAKE_CURRENT_SOURCE_DIR}/python/muspeaker/text/data")
endif()
