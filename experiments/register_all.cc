#include "experiments/register_all.h"

namespace maskbench {

// One line per experiment: its Register function is declared here and called below.
#define MASKBENCH_EXPERIMENTS(X) \
  X(DiagnosticConsistency)       \
  X(EyeAnnotations)              \
  X(EyeMeasurement)              \
  X(MeasureAgreement)            \
  X(PairVerification)            \
  X(Reidentification)            \
  X(Throughput)

#define MASKBENCH_DECLARE(Name) void Register##Name(Registry<Experiment>* registry);
MASKBENCH_EXPERIMENTS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterExperiments(Registry<Experiment>* registry) {
#define MASKBENCH_CALL(Name) Register##Name(registry);
  MASKBENCH_EXPERIMENTS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
