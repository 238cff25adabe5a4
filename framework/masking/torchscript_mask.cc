// A masking method from any TorchScript file that maps a picture to a picture.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "maskbench/core/input_file.h"
#include "maskbench/masking/frame_masker.h"
#include "maskbench/nn/network.h"
#include "maskbench/perception/crop.h"

namespace maskbench {
namespace {

struct TorchscriptMaskOptions {
  InputFile file;
  std::string input = "face";
  int side_px = 256;
  double margin = 1.5;
  bool upright = true;
  std::string paste = "crop";
  int multiple_px = 1;
  std::string colours = "rgb";
  std::vector<double> mean = {0, 0, 0};
  std::vector<double> deviation = {255, 255, 255};
  std::vector<double> output_mean, output_deviation;

  static const OptionTable<TorchscriptMaskOptions>& Options() {
    using O = TorchscriptMaskOptions;
    static const auto table =
        OptionTable<O>()
            .Add("file", &O::file,
                 "TorchScript module: one float32 tensor 1×3×height×width in; a tensor of the same "
                 "shape out, or a tuple or list of tensors whose first it is. The path starts at "
                 "the working folder; the content's SHA-256 joins the keys.",
                 {Required()})
            .Add("input", &O::input,
                 "What goes in. face: a square around the face, and what comes out is pasted back "
                 "to where it was; frames whose face is lost are black. frame: the whole frame, "
                 "with or without a face.",
                 {OneOf({"face", "frame"})})
            .Add("side_px", &O::side_px, "face: width and height of the picture that goes in, px.",
                 {Range(8, 2048)})
            .Add("margin", &O::margin,
                 "face: the square's side, as a multiple of the longer side of the face's box.",
                 {Range(0.5, 4)})
            .Add("upright", &O::upright,
                 "face: the square turns with the head, so that the eyes are level in it.")
            .Add("paste", &O::paste,
                 "face: what is pasted back. crop: the whole square. oval: what lies inside the "
                 "face's outline enlarged by margin; the rest of the square stays as filmed.",
                 {OneOf({"crop", "oval"})})
            .Add("multiple_px", &O::multiple_px,
                 "frame: right and lower edge are repeated until width and height are multiples of "
                 "this, px, and cut off again afterwards.",
                 {Range(1, 256)})
            .Add("colours", &O::colours, "Order of the channels, on both sides.",
                 {OneOf({"rgb", "bgr"})})
            .Add("mean", &O::mean,
                 "Taken from the pixels (0 to 255), one number per channel in that order.")
            .Add("deviation", &O::deviation,
                 "They are then divided by it, in the same order: 255 gives 0 to 1; mean and "
                 "deviation 127.5 give -1 to 1.",
                 {Range(1e-6, 1e6)})
            .Add("output_mean", &O::output_mean,
                 "Added to what comes out, after output_deviation, to make pixels of it (0 to 255; "
                 "what lies beyond is cut off). Empty: mean.")
            .Add("output_deviation", &O::output_deviation,
                 "What comes out is multiplied by it. Empty: deviation.", {Range(1e-6, 1e6)})
            .Check([](const O& options, const std::string& path, Problems* problems) {
              if (options.mean.size() != 3 || options.deviation.size() != 3) {
                problems->Add(path, "needs three numbers in \"mean\" and in \"deviation\"");
              }
              for (const auto* list : {&options.output_mean, &options.output_deviation}) {
                if (!list->empty() && list->size() != 3) {
                  problems->Add(path,
                                "needs three numbers, or none, in \"output_mean\" and in "
                                "\"output_deviation\"");
                }
              }
              if (options.file.empty()) problems->Add(path, "needs a \"file\"");
            });
    return table;
  }
};

/// A picture through the module and back to pixels.
class PictureNetwork {
 public:
  PictureNetwork(const TorchscriptMaskOptions& options, cv::Size size)
      : rgb_(options.colours == "rgb"), size_(size), input_(3 * static_cast<size_t>(size.area())) {
    options.file.Read();  // Throws when the file is no longer what the keys stand for.
    NetworkContract contract;
    contract.name = "torchscript_mask";
    contract.width = size.width;
    contract.height = size.height;
    contract.outputs = {{"picture", {3, size.height, size.width}}};
    contract.more_outputs = true;
    network_ = Network::Load(options.file.path, contract, 1);
    normalization_.rgb = rgb_;
    const auto& offsets = options.output_mean.empty() ? options.mean : options.output_mean;
    const auto& scales =
        options.output_deviation.empty() ? options.deviation : options.output_deviation;
    for (size_t i = 0; i < 3; ++i) {
      normalization_.offset[i] = static_cast<float>(options.mean[i]);
      normalization_.scale[i] = static_cast<float>(1 / options.deviation[i]);
      offset_[i] = static_cast<float>(offsets[i]);
      scale_[i] = static_cast<float>(scales[i]);
    }
  }

  /// @param bgr  of the size given at construction. @param made  the same size.
  void Run(const cv::Mat& bgr, cv::Mat* made) {
    ToPlanes(bgr, normalization_, input_.data());
    network_->Run(input_.data(), &outputs_);
    made->create(size_, CV_8UC3);
    const auto plane = static_cast<size_t>(size_.area());
    for (size_t channel = 0; channel < 3; ++channel) {
      const float* from = outputs_[0].values.data() + channel * plane;
      const size_t to = rgb_ ? 2 - channel : channel;
      for (int row = 0; row < size_.height; ++row) {
        uint8_t* pixels = made->ptr<uint8_t>(row) + to;
        for (int column = 0; column < size_.width; ++column) {
          const float value = *from++ * scale_[channel] + offset_[channel];
          // What is no number is black rather than whatever it happens to become.
          pixels[3 * column] =
              std::isnan(value)
                  ? 0
                  : static_cast<uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
        }
      }
    }
  }

 private:
  bool rgb_;
  cv::Size size_;
  std::unique_ptr<Network> network_;
  InputNormalization normalization_;
  std::array<float, 3> offset_{}, scale_{};
  std::vector<float> input_;
  std::vector<Tensor> outputs_;
};

/// The square around the face is masked and pasted back.
class FaceNetworkMask : public FrameMasker {
 public:
  explicit FaceNetworkMask(const TorchscriptMaskOptions& options)
      : options_(options), network_(options, {options.side_px, options.side_px}) {}

  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override { return frame_size; }

  void Apply(const cv::Mat& bgr, const FaceRegion& region, cv::Mat* masked) override {
    const CropRegion square = Square(region);
    CutOut(bgr, square);
    network_.Run(crop_, &made_);
    bgr.copyTo(*masked);
    const cv::Rect place = Outline(square, bgr.size());
    if (place.empty()) return;
    // Whole pixels of the frame reach beyond the square, so its edge is repeated for two of them.
    const int edge = 2 + static_cast<int>(std::ceil(2 / square.Scale(options_.side_px)));
    cv::copyMakeBorder(made_, edged_, edge, edge, edge, edge, cv::BORDER_REPLICATE);
    WarpAntialiased(edged_, CropFromFrame(square, place.tl(), edge), place.size(), &pasted_);
    cv::Mat inside(bgr.size(), CV_8U, cv::Scalar(0));
    cv::fillConvexPoly(inside, corners_, cv::Scalar(255));
    if (options_.paste == "oval") {
      cv::Mat oval(bgr.size(), CV_8U, cv::Scalar(0));
      cv::fillConvexPoly(oval, region.ScaledOval(static_cast<float>(options_.margin)),
                         cv::Scalar(255));
      inside &= oval;
    }
    pasted_.copyTo((*masked)(place), inside(place));
  }

 private:
  CropRegion Square(const FaceRegion& region) const {
    CropRegion square;
    const cv::Point2f across = options_.upright ? region.EyesDirection() : cv::Point2f(1, 0);
    const cv::Point2f down(-across.y, across.x);
    cv::Point2f low(1e9F, 1e9F), high(-1e9F, -1e9F);
    for (const cv::Point2f& point : region.oval) {
      const cv::Point2f turned(point.dot(across), point.dot(down));
      low = {std::min(low.x, turned.x), std::min(low.y, turned.y)};
      high = {std::max(high.x, turned.x), std::max(high.y, turned.y)};
    }
    const cv::Point2f middle = (low + high) * 0.5F;
    square.centre = across * middle.x + down * middle.y;
    square.size =
        static_cast<float>(options_.margin) * std::max({high.x - low.x, high.y - low.y, 1.0F});
    square.angle_rad = std::atan2(across.y, across.x);
    return square;
  }

  /// Fills crop_. Where the square leaves the frame the frame's edge goes on, not black, which the
  /// network would carry into the frame.
  void CutOut(const cv::Mat& bgr, const CropRegion& square) {
    Outline(square, bgr.size());
    const cv::Rect box = cv::boundingRect(corners_);
    constexpr int kMore = 2;  // For sampling between pixels.
    const int left = std::max(0, kMore - box.x), top = std::max(0, kMore - box.y),
              right = std::max(0, box.br().x + kMore - bgr.cols),
              bottom = std::max(0, box.br().y + kMore - bgr.rows);
    if (left + top + right + bottom == 0) {
      ExtractCrop(bgr, square, options_.side_px, &crop_);
      return;
    }
    cv::copyMakeBorder(bgr, larger_, top, bottom, left, right, cv::BORDER_REPLICATE);
    CropRegion moved = square;
    moved.centre += cv::Point2f(static_cast<float>(left), static_cast<float>(top));
    ExtractCrop(larger_, moved, options_.side_px, &crop_);
  }

  /// Fills corners_ with those of the square, in whole pixels of the frame. @return their box
  /// within the frame.
  cv::Rect Outline(const CropRegion& square, cv::Size frame) {
    const auto side = static_cast<float>(options_.side_px);
    corners_.clear();
    for (const auto& [x, y] : {std::pair(0.0F, 0.0F), {side, 0.0F}, {side, side}, {0.0F, side}}) {
      const cv::Point2f corner = square.ToFrame(x, y, options_.side_px);
      corners_.emplace_back(cvRound(corner.x), cvRound(corner.y));
    }
    return cv::boundingRect(corners_) & cv::Rect({0, 0}, frame);
  }

  /// From pixel centres of the frame, counted from `origin`, to those of the crop with its edge.
  cv::Matx23d CropFromFrame(const CropRegion& square, cv::Point origin, int edge) const {
    const double scale = 1.0 / square.Scale(options_.side_px);
    const double c = std::cos(square.angle_rad) * scale, s = std::sin(square.angle_rad) * scale;
    const double x = origin.x - square.centre.x, y = origin.y - square.centre.y;
    const double middle = 0.5 * options_.side_px - 0.5 + edge;
    return {c, s, c * x + s * y + middle, -s, c, -s * x + c * y + middle};
  }

  TorchscriptMaskOptions options_;
  PictureNetwork network_;
  cv::Mat larger_, crop_, made_, edged_, pasted_;
  std::vector<cv::Point> corners_;
};

/// The whole frame is masked.
class FrameNetworkMask : public FrameMasker {
 public:
  explicit FrameNetworkMask(const TorchscriptMaskOptions& options) : options_(options) {
    options_.file.Read();
  }

  bool NeedsFace() const override { return false; }

  cv::Size Begin(cv::Size frame_size, const FaceRegions&) override {
    const auto padded = [this](int length) {
      return (length + options_.multiple_px - 1) / options_.multiple_px * options_.multiple_px;
    };
    const cv::Size size(padded(frame_size.width), padded(frame_size.height));
    if (!network_ || size != size_) {
      network_ = std::make_unique<PictureNetwork>(options_, size);
      size_ = size;
    }
    return frame_size;
  }

  void Apply(const cv::Mat& bgr, const FaceRegion&, cv::Mat* masked) override {
    cv::copyMakeBorder(bgr, padded_, 0, size_.height - bgr.rows, 0, size_.width - bgr.cols,
                       cv::BORDER_REPLICATE);
    network_->Run(padded_, &made_);
    made_({0, 0, bgr.cols, bgr.rows}).copyTo(*masked);
  }

 private:
  TorchscriptMaskOptions options_;
  std::unique_ptr<PictureNetwork> network_;
  cv::Size size_;
  cv::Mat padded_, made_;
};

}  // namespace

void RegisterTorchscriptMask(Registry<Masker>* registry) {
  registry->Add<TorchscriptMaskOptions>(
      FrameMaskerInfo({"torchscript_mask",
                       1,
                       "Any network from picture to picture as a TorchScript file, on the face or "
                       "the whole frame.",
                       {}}),
      [](const TorchscriptMaskOptions& options,
         const Masker::Context& context) -> std::unique_ptr<Masker> {
        if (options.input == "frame") {
          return WrapFrameMasker(std::make_unique<FrameNetworkMask>(options), context);
        }
        return WrapFrameMasker(std::make_unique<FaceNetworkMask>(options), context);
      });
}

}  // namespace maskbench
