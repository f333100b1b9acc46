/* Plug-in of QEMU 7 and 8: how often each block of instructions ran between two marks.
 *
 *   cc -O2 -shared -fPIC -o count_blocks.so count_blocks.c
 *   qemu-aarch64 -plugin ./count_blocks.so,out=blocks.txt ...
 *
 * A mark is the system call getpriority(which, 0) with one of the two values below, which no system knows. A program
 * can make it from any language, and it fails without doing anything. Each line of the output is one block: its address,
 * how often it ran, and its instructions as hexadecimal words.
 *
 * The few declarations are those of QEMU's plug-in interface, version 1 (docs/devel/tcg-plugins.rst), which Debian
 * has no header package for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
typedef void (*translated_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*called_t)(qemu_plugin_id_t, unsigned int, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                         uint64_t, uint64_t, uint64_t, uint64_t);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t callback);
void qemu_plugin_register_vcpu_syscall_cb(qemu_plugin_id_t id, called_t callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, enum qemu_plugin_op op, void *target,
                                              uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

#define GETPRIORITY 141 /* on aarch64 */
#define BEGIN 7001
#define END 7002

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

typedef struct Block {
  struct Block *next;
  uint64_t count;
  uint64_t address;
  size_t length;
  uint32_t words[];
} Block;

static Block *blocks; /* of one thread: the program that is measured has no other */
static const char *path = "blocks.txt";

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  const size_t length = qemu_plugin_tb_n_insns(tb);
  Block *block = calloc(1, sizeof(Block) + length * sizeof(uint32_t));
  if (block == NULL) {
    abort();
  }
  block->address = qemu_plugin_tb_vaddr(tb);
  block->length = length;
  for (size_t k = 0; k < length; ++k) {
    memcpy(&block->words[k], qemu_plugin_insn_data(qemu_plugin_tb_get_insn(tb, k)), sizeof(uint32_t));
  }
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64, &block->count, 1);
}

static void write_counts(void) {
  FILE *file = fopen(path, "w");
  if (file == NULL) {
    abort();
  }
  for (const Block *block = blocks; block != NULL; block = block->next) {
    if (block->count == 0) {
      continue;
    }
    fprintf(file, "%" PRIx64 " %" PRIu64, block->address, block->count);
    for (size_t k = 0; k < block->length; ++k) {
      fprintf(file, " %08" PRIx32, block->words[k]);
    }
    fputc('\n', file);
  }
  fclose(file);
}

static void on_call(qemu_plugin_id_t id, unsigned int cpu, int64_t number, uint64_t which, uint64_t a2,
                    uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
  if (number != GETPRIORITY) {
    return;
  }
  if (which == BEGIN) {
    for (Block *block = blocks; block != NULL; block = block->next) {
      block->count = 0;
    }
  } else if (which == END) {
    write_counts();
  }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info,
                                                               int argc, char **argv) {
  (void)info;
  for (int k = 0; k < argc; ++k) {
    if (strncmp(argv[k], "out=", 4) == 0) {
      path = strdup(argv[k] + 4);
    }
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_vcpu_syscall_cb(id, on_call);
  return 0;
}
