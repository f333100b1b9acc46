"""What a second of speech costs on ARM, in instructions, counted under QEMU."""
