#include "datasets/register_all.h"

namespace maskbench {

// One line per data set: its Register function is declared here and called below.
#define MASKBENCH_DATASET_MAKERS(X) X(VirtualClinic)

#define MASKBENCH_DECLARE(Name) void Register##Name(DatasetMakers* makers);
MASKBENCH_DATASET_MAKERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterDatasetMakers(DatasetMakers* makers) {
#define MASKBENCH_CALL(Name) Register##Name(makers);
  MASKBENCH_DATASET_MAKERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
