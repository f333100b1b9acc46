# One object per instruction set. csrc/kernels/<op>_<isa>.cpp is compiled with that set's flags and
# includes <op>_simd.inc; every other file of csrc/kernels, the scalar twins among them, is compiled
# for the baseline. Which object runs is decided at run time (csrc/kernels/isa.h). .ci/arm reads these lists,
# so each stands on one line.
set(MUSPEAKER_ISA_X86_64 sse2 avx2 avxvnni avx512 avx512vnni)
set(MUSPEAKER_ISA_AARCH64 neon neon_dotprod neon_i8mm)
set(MUSPEAKER_FLAGS_sse2 -msse2)
set(MUSPEAKER_FLAGS_avx2 -mavx2 -mfma)
set(MUSPEAKER_FLAGS_avxvnni ${MUSPEAKER_FLAGS_avx2} -mavxvnni)
set(MUSPEAKER_FLAGS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma)
set(MUSPEAKER_FLAGS_avx512vnni ${MUSPEAKER_FLAGS_avx512} -mavx512vnni)
set(MUSPEAKER_FLAGS_neon -march=armv8-a)
set(MUSPEAKER_FLAGS_neon_dotprod -march=armv8.2-a+dotprod)
set(MUSPEAKER_FLAGS_neon_i8mm -march=armv8.2-a+dotprod+i8mm)
# Optimised in every build type, so that tests and sanitizers see the code that ships; products and
# sums are fused only where the source says so, so that results do not depend on the compiler.
set(MUSPEAKER_FLAGS_kernels -O3 -ffp-contract=off)

# Drops from the list named `list_name` the files of instruction sets this processor family lacks; flags the others.
function(muspeaker_kernel_flags list_name)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(built ${MUSPEAKER_ISA_X86_64})
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(built ${MUSPEAKER_ISA_AARCH64})
  endif()
  set(kept ${${list_name}})
  set_source_files_properties(${kept} PROPERTIES COMPILE_OPTIONS "${MUSPEAKER_FLAGS_kernels}")
  foreach(isa IN LISTS MUSPEAKER_ISA_X86_64 MUSPEAKER_ISA_AARCH64)
    set(files ${kept})
    list(FILTER files INCLUDE REGEX "_${isa}\\.cpp$")
    if(NOT isa IN_LIST built)
      list(REMOVE_ITEM kept ${files})
    elseif(files)
      set_source_files_properties(${files} PROPERTIES COMPILE_OPTIONS
                                  "${MUSPEAKER_FLAGS_kernels};${MUSPEAKER_FLAGS_${isa}}")
    endif()
  endforeach()
  set(${list_name} ${kept} PARENT_SCOPE)
endfunction()
