// What a face seems to feel: no recogniser, but what an attacker can read without knowing anybody.
#include <memory>
#include <utility>
#include <vector>

#include "maskbench/perception/crop.h"
#include "maskbench/recognition/alignment.h"
#include "maskbench/recognition/mood.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {
namespace {

constexpr char kNetwork[] = "emotion";

/// human.js gives the same picture to this network and to that of `faceres`; hence the same crop.
class Emotion : public Recogniser {
 public:
  explicit Emotion(std::unique_ptr<Network> network)
      : network_(std::move(network)),
        side_px_(network_->contract().width),
        plane_(static_cast<size_t>(side_px_) * static_cast<size_t>(side_px_)) {}

  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    WarpAntialiased(bgr, AlignMeshBox(face, side_px_), {side_px_, side_px_}, &chip_);
    ToMoodPlane(chip_, plane_.data());
    network_->Run(plane_.data(), &outputs_);
    return outputs_[0].values;
  }

 private:
  std::unique_ptr<Network> network_;
  int side_px_;
  cv::Mat chip_;
  std::vector<float> plane_;
  std::vector<Tensor> outputs_;
};

}  // namespace

void RegisterEmotion(Registry<Observer>* registry) {
  AddRecogniser(registry,
                {{"emotion",
                  1,
                  "What a face seems to feel, seven probabilities; recognises nobody: for "
                  "attribute=mood of the attacker `attributes`.",
                  {kNetwork}},
                 DescriptorMetric::kEuclidean,
                 [](const NetworkLibrary& networks) {
                   return std::make_unique<Emotion>(networks.Load(kNetwork, 1));
                 },
                 DescriptorKind::kMood});
}

}  // namespace maskbench
