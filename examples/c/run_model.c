/* Run one signature of an exported model through TensorFlow's C API: no Python anywhere.
 *
 *     run_model MODEL_DIR SIGNATURE OUT_DIR REPEATS [NAME=DIMS=FILE ...]
 *
 * NAME is an input, DIMS its shape as 2x31, FILE its values: raw float32, or for a string one line of text that
 * fills the shape. Every output of the signature is written to OUT_DIR/NAME.raw (float32, or text a line for each
 * value), and its name, type and shape to standard output. With REPEATS above 0 the request is then run so many
 * times, and the median and tenth percentile of one, in microseconds, are printed too.
 *
 * MODEL_DIR/tensors.tsv, which the export wrote, says which tensor stands behind which name: C has no protobuf.
 *
 *     TF=$(python -c "import importlib.util as u; print(u.find_spec('tensorflow').submodule_search_locations[0])")
 *     cc -O2 run_model.c -o run_model -I$TF/include -L$TF -l:libtensorflow_cc.so.2 \
 *        -l:libtensorflow_framework.so.2 -Wl,-rpath,$TF
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tensorflow/c/c_api.h"

#define MOST 64 /* inputs and outputs of a signature */

static void stop(const char *what, const char *why) {
  fprintf(stderr, "run_model: %s: %s\n", what, why);
  exit(1);
}

static void check(TF_Status *status, const char *what) {
  if (TF_GetCode(status) != TF_OK) stop(what, TF_Message(status));
}

struct Slot { /* an input or an output */
  char name[256], dtype[32];
  TF_Output at;
};

/* The slots of one side of a signature, from tensors.tsv: signature, side, name, dtype, shape, tensor. */
static int slots(const char *dir, const char *signature, const char *side, TF_Graph *graph, struct Slot *found) {
  char path[4096], line[4096];
  snprintf(path, sizeof path, "%s/tensors.tsv", dir);
  FILE *file = fopen(path, "r");
  if (!file) stop(path, "cannot be read");
  int count = 0;
  while (fgets(line, sizeof line, file)) {
    char *field[6], *rest = line;
    int n = 0;
    line[strcspn(line, "\n")] = 0;
    while (n < 6 && (field[n] = strsep(&rest, "\t"))) n++;
    if (n < 6 || strcmp(field[0], signature) || strcmp(field[1], side) || count == MOST) continue;
    char *colon = strrchr(field[5], ':');
    if (!colon) stop(path, field[5]);
    *colon = 0;
    struct Slot *slot = &found[count++];
    snprintf(slot->name, sizeof slot->name, "%s", field[2]);
    snprintf(slot->dtype, sizeof slot->dtype, "%s", field[3]);
    slot->at.oper = TF_GraphOperationByName(graph, field[5]);
    slot->at.index = atoi(colon + 1);
    if (!slot->at.oper) stop(field[5], "not in the graph");
  }
  fclose(file);
  return count;
}

static TF_Tensor *read_input(const struct Slot *slot, char *dims, const char *file) {
  int64_t shape[8];
  int rank = 0;
  size_t size = 1;
  for (char *one; (one = strsep(&dims, "x")) && rank < 8; rank++) size *= (size_t)(shape[rank] = atoll(one));
  FILE *from = fopen(file, "rb");
  if (!from) stop(file, "cannot be read");
  TF_Tensor *tensor;
  if (!strcmp(slot->dtype, "string")) {
    char text[4096] = "";
    if (!fgets(text, sizeof text, from)) text[0] = 0;
    tensor = TF_AllocateTensor(TF_STRING, shape, rank, size * sizeof(TF_TString));
    TF_TString *strings = TF_TensorData(tensor);
    for (size_t i = 0; i < size; i++) {
      TF_StringInit(&strings[i]);
      TF_StringCopy(&strings[i], text, strlen(text));
    }
  } else {
    tensor = TF_AllocateTensor(TF_FLOAT, shape, rank, size * sizeof(float));
    if (fread(TF_TensorData(tensor), sizeof(float), size, from) != size) stop(file, "too short for its shape");
  }
  fclose(from);
  return tensor;
}

static void write_output(const struct Slot *slot, TF_Tensor *tensor, const char *dir) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.raw", dir, slot->name);
  FILE *to = fopen(path, "wb");
  if (!to) stop(path, "cannot be written");
  printf("%s\t%s\t", slot->name, slot->dtype);
  for (int d = 0; d < TF_NumDims(tensor); d++) printf(d ? "x%lld" : "%lld", (long long)TF_Dim(tensor, d));
  printf("\n");
  if (TF_TensorType(tensor) == TF_STRING) {
    TF_TString *strings = TF_TensorData(tensor);
    for (int64_t i = 0; i < TF_TensorElementCount(tensor); i++)
      fprintf(to, "%.*s\n", (int)TF_StringGetSize(&strings[i]), TF_StringGetDataPointer(&strings[i]));
  } else {
    fwrite(TF_TensorData(tensor), 1, TF_TensorByteSize(tensor), to);
  }
  fclose(to);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e6 * (double)t.tv_sec + 1e-3 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  if (argc < 5) stop("usage", "run_model MODEL_DIR SIGNATURE OUT_DIR REPEATS [NAME=DIMS=FILE ...]");
  const char *dir = argv[1], *signature = argv[2], *tags[] = {"serve"};
  int repeats = atoi(argv[4]);

  TF_Status *status = TF_NewStatus();
  TF_Graph *graph = TF_NewGraph();
  TF_SessionOptions *options = TF_NewSessionOptions();
  unsigned char threads[] = {0x10, 2, 0x28, 2}; /* ConfigProto: two threads within an operation, two between */
  TF_SetConfig(options, threads, sizeof threads, status);
  TF_Session *session = TF_LoadSessionFromSavedModel(options, NULL, dir, tags, 1, graph, NULL, status);
  check(status, dir);

  struct Slot in[MOST], out[MOST];
  int inputs = slots(dir, signature, "input", graph, in), outputs = slots(dir, signature, "output", graph, out);
  if (!outputs) stop(signature, "no such signature");
  TF_Output from[MOST], to[MOST];
  TF_Tensor *given[MOST] = {0}, *found[MOST] = {0};
  for (int i = 0; i < outputs; i++) to[i] = out[i].at;
  for (int i = 0; i < inputs; i++) from[i] = in[i].at;
  for (int a = 5; a < argc; a++) {
    char *file = argv[a], *name = strsep(&file, "="), *dims = strsep(&file, "=");
    int i = 0;
    while (i < inputs && strcmp(in[i].name, name)) i++;
    if (i == inputs || !dims || !file) stop(name, "no such input; expected NAME=DIMS=FILE");
    given[i] = read_input(&in[i], dims, file);
  }
  for (int i = 0; i < inputs; i++)
    if (!given[i]) stop(in[i].name, "not given");

  TF_SessionRun(session, NULL, from, given, inputs, to, found, outputs, NULL, 0, NULL, status);
  check(status, signature);
  for (int i = 0; i < outputs; i++) write_output(&out[i], found[i], argv[3]);

  if (repeats > 0) {
    double *taken = malloc(sizeof(double) * (size_t)repeats);
    for (int r = -repeats / 10 - 1; r < repeats; r++) { /* the first ones warm up */
      for (int i = 0; i < outputs; i++) TF_DeleteTensor(found[i]);
      double start = now();
      TF_SessionRun(session, NULL, from, given, inputs, to, found, outputs, NULL, 0, NULL, status);
      if (r >= 0) taken[r] = now() - start;
      check(status, signature);
    }
    qsort(taken, (size_t)repeats, sizeof(double), ascending);
    printf("microseconds\tmedian\t%.1f\tp10\t%.1f\n", taken[repeats / 2], taken[repeats / 10]);
    free(taken);
  }
  for (int i = 0; i < inputs; i++) TF_DeleteTensor(given[i]);
  for (int i = 0; i < outputs; i++) TF_DeleteTensor(found[i]);
  TF_CloseSession(session, status);
  TF_DeleteSession(session, status);
  TF_DeleteGraph(graph);
  TF_DeleteSessionOptions(options);
  TF_DeleteStatus(status);
  return 0;
}
