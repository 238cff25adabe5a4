#include "maskbench/clinical/register_all.h"

namespace maskbench {

// One line per observer: its Register function is declared here and called below.
#define MASKBENCH_CLINICAL_OBSERVERS(X) \
  X(MediapipeIris)                      \
  X(RuleReader)                         \
  X(LearnedReader)                      \
  X(EyeMeasures)

#define MASKBENCH_DECLARE(Name) void Register##Name(Registry<Observer>* registry);
MASKBENCH_CLINICAL_OBSERVERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterClinicalObservers(Registry<Observer>* registry) {
#define MASKBENCH_CALL(Name) Register##Name(registry);
  MASKBENCH_CLINICAL_OBSERVERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
