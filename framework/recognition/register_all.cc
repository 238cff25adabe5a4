#include "maskbench/recognition/register_all.h"

namespace maskbench {

// One line per recogniser: its Register function is declared here and called below.
#define MASKBENCH_RECOGNISERS(X) \
  X(DlibResnet)                  \
  X(Emotion)                     \
  X(Faceres)                     \
  X(Mobileface)                  \
  X(NpyDescriptors)              \
  X(Periocular)                  \
  X(Torchscript)

#define MASKBENCH_DECLARE(Name) void Register##Name(Registry<Observer>* registry);
MASKBENCH_RECOGNISERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterRecognisers(Registry<Observer>* registry) {
#define MASKBENCH_CALL(Name) Register##Name(registry);
  MASKBENCH_RECOGNISERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
