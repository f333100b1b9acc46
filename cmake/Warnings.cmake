# Warnings for our own targets only; ggml's headers are SYSTEM and its sources keep their own flags.
option(MUSPEAKER_WERROR "Treat warnings in muspeaker's own sources as errors" OFF)

function(muspeaker_warnings target)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT MSVC)  # clang-cl takes the words of MSVC
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
    if(MUSPEAKER_WERROR)
      target_compile_options(${target} PRIVATE -Werror)
    endif()
  elseif(MSVC)
    target_compile_options(${target} PRIVATE /W4)
    if(MUSPEAKER_WERROR)
      target_compile_options(${target} PRIVATE /WX)
    endif()
  endif()
endfunction()
