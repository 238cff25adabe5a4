#pragma once

/// Takes a file's bytes into the program as the characters from `symbol_begin` to `symbol_end`,
/// followed by a zero. At namespace level of a .cc file; `file` is a string literal.
#define MASKBENCH_EMBED_FILE(symbol, file) \
  __asm__(                                 \
      ".section .rodata\n"                 \
      ".balign 16\n"                       \
      ".global " #symbol                   \
      "_begin\n"                           \
      ".global " #symbol "_end\n" #symbol  \
      "_begin:\n"                          \
      ".incbin \"" file "\"\n" #symbol     \
      "_end:\n"                            \
      ".byte 0\n"                          \
      ".previous\n");                      \
  extern "C" const char symbol##_begin[], symbol##_end[]
