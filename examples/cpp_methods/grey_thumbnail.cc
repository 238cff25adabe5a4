// A grey thumbnail of the face: recognition without learning.
#include <opencv2/imgproc.hpp>

#include "maskbench/perception/crop.h"
#include "maskbench/perception/face_tracker.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

class GreyThumbnail : public Recogniser {
 public:
  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    constexpr int kSide = 16;
    cv::Mat crop;
    cv::Mat1b grey;
    ExtractCrop(bgr, MeshRegion(face, 1.0F), kSide, &crop);
    cv::cvtColor(crop, grey, cv::COLOR_BGR2GRAY);
    const auto mean = static_cast<float>(cv::mean(grey)[0]);
    std::vector<float> descriptor;
    for (const uint8_t value : grey) descriptor.push_back(static_cast<float>(value) - mean);
    return descriptor;
  }
};

}  // namespace

void RegisterGreyThumbnail(Registry<Observer>* registry) {
  AddRecogniser(
      registry,
      {{"grey_thumbnail", 1, "16×16 grey values, cosine: recognition without learning.", {}},
       DescriptorMetric::kCosine,
       [](const NetworkLibrary&) { return std::make_unique<GreyThumbnail>(); }});
}

}  // namespace maskbench
