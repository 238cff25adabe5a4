#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "maskbench/perception/crop.h"
#include "maskbench/recognition/alignment.h"
#include "maskbench/recognition/recogniser.h"

namespace maskbench {

/// A recogniser that is an alignment followed by a network's first output.
class NetworkRecogniser : public Recogniser {
 public:
  NetworkRecogniser(std::unique_ptr<Network> network, Alignment align,
                    const InputNormalization& normalization)
      : network_(std::move(network)),
        align_(std::move(align)),
        normalization_(normalization),
        side_px_(network_->contract().width),
        input_(3 * side_px_ * side_px_) {}

  NetworkRecogniser(const NetworkLibrary& networks, const std::string& network, Alignment align,
                    const InputNormalization& normalization)
      : NetworkRecogniser(networks.Load(network, 1), std::move(align), normalization) {}

  std::vector<float> Describe(const cv::Mat& bgr, const FaceObservation& face) override {
    cv::Mat chip;
    WarpAntialiased(bgr, align_(face, side_px_), {side_px_, side_px_}, &chip);
    ToPlanes(chip, normalization_, input_.data());
    network_->Run(input_.data(), &outputs_);
    return outputs_[0].values;
  }

 private:
  std::unique_ptr<Network> network_;
  Alignment align_;
  InputNormalization normalization_;
  int side_px_;
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
};

}  // namespace maskbench
