#pragma once

#include "maskbench/core/registry.h"
#include "maskbench/masking/masker.h"
#include "maskbench/masking/reconstructor.h"
#include "maskbench/perception/observer.h"
#include "maskbench/pipeline/dataset_importer.h"
#include "maskbench/pipeline/dataset_maker.h"
#include "maskbench/pipeline/experiment.h"
#include "maskbench/pipeline/network_trainer.h"

namespace maskbench {

/// Every component. A configuration can name all but reconstructions, which methods ask for.
struct Components {
  Registry<Masker> maskers{"masking method"};
  Registry<Reconstructor> reconstructors{"reconstruction"};
  Registry<Observer> observers{"observer"};
  Registry<Experiment> experiments{"experiment"};
  DatasetMakers dataset_makers;
  DatasetImporters dataset_importers;
  NetworkTrainers network_trainers;
};

/// The maskers and observers of the framework; experiments and data sets are added by the program.
void RegisterFrameworkComponents(Components* components);

}  // namespace maskbench
