// The program maskbench with four components more.
#include "maskbench/program.h"

#include "methods.h"

int main(int argc, char** argv) {
  return maskbench::RunMaskBench(argc, argv, [](maskbench::Components* components) {
    maskbench::RegisterMeanColour(&components->maskers);
    maskbench::RegisterGreyThumbnail(&components->observers);
    maskbench::RegisterNarrowLids(&components->observers);
    maskbench::RegisterDimRoom(&components->dataset_makers);
  });
}
