#include "experiments/training/register_all.h"

namespace maskbench {

// One line per network: its Register function is declared here and called below.
#define MASKBENCH_NETWORK_TRAINERS(X) \
  X(EyeNetworkTrainer)                \
  X(LearnedReaderTrainer)

#define MASKBENCH_DECLARE(Name) void Register##Name(NetworkTrainers* trainers);
MASKBENCH_NETWORK_TRAINERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterNetworkTrainers(NetworkTrainers* trainers) {
#define MASKBENCH_CALL(Name) Register##Name(trainers);
  MASKBENCH_NETWORK_TRAINERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
