# AddressSanitizer and UndefinedBehaviorSanitizer for everything that is built, ggml included, so that
# a read past a tensor is seen wherever it happens. A float that no integer holds is no part of `undefined`.
option(MUSPEAKER_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)

if(MUSPEAKER_SANITIZE)
  add_compile_options(-fsanitize=address,undefined,float-cast-overflow
                      -fno-sanitize-recover=undefined,float-cast-overflow -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined,float-cast-overflow)
endif()

option(MUSPEAKER_FUZZ "Build the programs of tests/fuzz/cpp for libFuzzer; needs clang" OFF)
if(MUSPEAKER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
