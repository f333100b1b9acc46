# AddressSanitizer and UndefinedBehaviorSanitizer for everything that is built, ggml included, so that
# a read past a tensor is seen wherever it happens.
option(MUSPEAKER_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)

if(MUSPEAKER_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
