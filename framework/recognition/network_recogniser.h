#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/perception/crop.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {

/// A recogniser that is an alignment followed by a network's first output.
class NetworkRecogniser : public Recogniser {
 public:
  /// Map from the chip's pixels to the frame's: 2×3.
  using Align = std::function<cv::Matx23d(const FaceObservation& face, int side_px)>;

  NetworkRecogniser(const NetworkLibrary& networks, const std::string& network, Align align,
                    const InputNormalization& normalization)
      : network_(networks.Load(network, 1)),
        align_(std::move(align)),
        normalization_(normalization),
        side_px_(network_->contract().width),
        input_(3 * side_px_ * side_px_) {}

  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    cv::Mat chip;
    WarpAntialiased(bgr, align_(face, side_px_), {side_px_, side_px_}, &chip);
    ToPlanes(chip, normalization_, input_.data());
    network_->Run(input_.data(), &outputs_);
    return outputs_[0].values;
  }

 private:
  std::unique_ptr<Network> network_;
  Align align_;
  InputNormalization normalization_;
  int side_px_;
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
};

}  // namespace maskbench
