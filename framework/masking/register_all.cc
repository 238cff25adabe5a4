#include "maskbench/masking/register_all.h"

namespace maskbench {

// One line per masking method: its Register function is declared here and called below.
#define MASKBENCH_MASKERS(X) \
  X(Null)                    \
  X(Original)                \
  X(Reencoded)               \
  X(GaussianBlur)            \
  X(Pixelate)                \
  X(EyeBar)                  \
  X(BlackFace)               \
  X(PeriocularCrop)          \
  X(DigitalMask)             \
  X(UnsafeOverlay)           \
  X(OracleMask)              \
  X(Command)                 \
  X(Premade)                 \
  X(TorchscriptMask)

#define MASKBENCH_DECLARE(Name) void Register##Name(Registry<Masker>* registry);
MASKBENCH_MASKERS(MASKBENCH_DECLARE)
#undef MASKBENCH_DECLARE

void RegisterMaskers(Registry<Masker>* registry) {
#define MASKBENCH_CALL(Name) Register##Name(registry);
  MASKBENCH_MASKERS(MASKBENCH_CALL)
#undef MASKBENCH_CALL
}

}  // namespace maskbench
