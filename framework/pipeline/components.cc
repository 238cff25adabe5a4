#include "maskbench/pipeline/components.h"

#include "maskbench/clinical/register_all.h"
#include "maskbench/masking/reconstructor.h"
#include "maskbench/masking/register_all.h"
#include "maskbench/pipeline/stored_parameters.h"
#include "maskbench/recognition/register_all.h"

namespace maskbench {

void RegisterFrameworkComponents(Components* components) {
  RegisterMaskers(&components->maskers);
  RegisterReconstructors(&components->reconstructors);
  RegisterClinicalObservers(&components->observers);
  RegisterRecognisers(&components->observers);
  RegisterStoredParameters(&components->observers);
}

}  // namespace maskbench
