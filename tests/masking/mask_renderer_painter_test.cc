// The quick picture of a mask against the Renderer's.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "maskbench/head/head_registry.h"
#include "maskbench/masking/mask_renderer.h"
#include "maskbench/render/renderer.h"

#include "masking/mask_fixtures.h"

namespace maskbench {
namespace {

const Eigen::Vector3f kBackground(0.40f, 0.41f, 0.42f);

Lighting CameraLight() {
  Lighting lighting;
  DirectionalLight key;
  key.radiance = {0.88f, 0.88f, 0.88f};
  key.wrap = 0.15f;
  lighting.lights = {key};
  lighting.ambient_up = {0.52f, 0.52f, 0.52f};
  lighting.ambient_down = {0.16f, 0.16f, 0.16f};
  return lighting;
}

const ToneCurve& Tone() {
  static const ToneCurve tone(0.8f);
  return tone;
}

struct Pictures {
  cv::Mat quick, whole;
  std::array<cv::Rect, 2> eyes;  ///< Round the lids' margins, by Side.
};

Pictures Draw(const MaskFace& face, const MaskHeader& header, const MaskFrame& frame,
              HeadPainter* painter) {
  const MaskFace::Posed posed = face.Pose(header, frame);
  const Actor::Posed state = face.actor().Pose(posed.pose);
  const cv::Size size = header.picture_px;
  Pictures pictures;
  pictures.quick.create(size, CV_8UC3);
  painter->Place(posed.camera, posed.pose, state, {});
  painter->Paint(cv::Rect({0, 0}, size), &pictures.quick);

  Scene scene;
  scene.camera = posed.camera;
  scene.lighting = CameraLight();
  scene.background.top = scene.background.bottom = kBackground;
  face.actor().AddTo(posed.pose, state, &scene);
  RenderOptions options;
  options.shadows = false;
  const RenderedFrame rendered = Renderer().Render(scene, options);
  pictures.whole.create(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const cv::Vec3f& rgb = rendered.linear.at<cv::Vec3f>(y, x);
      pictures.whole.at<cv::Vec3b>(y, x) = {Tone()(rgb[2]), Tone()(rgb[1]), Tone()(rgb[0])};
    }
  }
  const auto truth = face.actor().Truth(posed.pose, state, scene, nullptr);
  for (size_t s = 0; s < 2; ++s) {
    std::vector<cv::Point2f> points;
    for (const auto* margin : {&truth[s].upper, &truth[s].lower}) {
      for (const MarginPoint& point : *margin)
        points.emplace_back(static_cast<float>(point.pixel.x()),
                            static_cast<float>(point.pixel.y()));
    }
    pictures.eyes[s] = cv::boundingRect(points) & cv::Rect({0, 0}, size);
  }
  return pictures;
}

MaskFrame Frame(double yaw, double pitch, double roll, double px_per_mm, double mrd1,
                double azimuth) {
  MaskFrame frame = TestMaskFrame();
  frame.yaw_deg = yaw;
  frame.pitch_deg = pitch;
  frame.roll_deg = roll;
  frame.px_per_mm = px_per_mm;
  for (MaskEye& eye : frame.eyes) {
    eye.mrd1_mm = mrd1;
    eye.azimuth_deg = azimuth;
  }
  return frame;
}

std::vector<MaskFrame> Frames() {
  return {Frame(0, 0, 0, 1.6, 4, 0), Frame(15, -6, 8, 1.4, 3, -10), Frame(-30, 4, -5, 1.7, 2, 12),
          Frame(0, 10, 20, 2.6, 5, 0), Frame(5, 0, 0, 0.9, 3.5, 5)};
}

/// Where the columns' strongest change of light lies, in rows; the change's square is the weight.
std::vector<double> EdgePlaces(const cv::Mat& bgr, const cv::Rect& eye) {
  cv::Mat grey, slope;
  cv::cvtColor(bgr(eye), grey, cv::COLOR_BGR2GRAY);
  cv::Sobel(grey, slope, CV_64F, 0, 1);
  std::vector<double> places;
  for (int x = 0; x < slope.cols; ++x) {
    double sum = 0, total = 0;
    for (int y = 0; y < slope.rows; ++y) {
      const double weight = slope.at<double>(y, x) * slope.at<double>(y, x);
      sum += weight * y;
      total += weight;
    }
    places.push_back(total > 0 ? sum / total : 0);
  }
  return places;
}

void ExpectAlike(const Pictures& pictures) {
  cv::Mat difference;
  cv::absdiff(pictures.quick, pictures.whole, difference);
  for (const cv::Rect& eye : pictures.eyes) {
    if (eye.empty()) continue;
    const double mean = cv::norm(pictures.quick(eye), pictures.whole(eye), cv::NORM_L1) /
                        static_cast<double>(3 * eye.area());
    EXPECT_LT(mean, 0.02);
    EXPECT_LE(cv::norm(pictures.quick(eye), pictures.whole(eye), cv::NORM_INF), 4);
    const std::vector<double> quick = EdgePlaces(pictures.quick, eye);
    const std::vector<double> whole = EdgePlaces(pictures.whole, eye);
    for (size_t x = 0; x < quick.size(); ++x) EXPECT_NEAR(quick[x], whole[x], 0.02) << x;
  }
  EXPECT_LT(cv::mean(difference)[0], 0.4);
  // Beside outlines next to nothing differs.
  cv::Mat largest;
  cv::reduce(difference.reshape(1, static_cast<int>(difference.total())), largest, 1,
             cv::REDUCE_MAX);
  const double pixels = static_cast<double>(largest.total());
  EXPECT_LT(cv::countNonZero(largest > 3) / pixels, 0.02);
  EXPECT_LT(cv::countNonZero(largest > 24) / pixels, 0.004);
}

class HeadPainterTest : public testing::TestWithParam<const char*> {};

TEST_P(HeadPainterTest, ShowsWhatTheRendererShows) {
  const MaskFace& face = TestMaskFace(GetParam());
  const MaskHeader header = TestMaskHeader(GetParam());
  HeadPainter painter(face.actor(), CameraLight(), kBackground, Tone());
  for (const MaskFrame& frame : Frames()) {
    SCOPED_TRACE(testing::Message() << "yaw " << frame.yaw_deg << ", scale " << frame.px_per_mm);
    ExpectAlike(Draw(face, header, frame, &painter));
  }
}

INSTANTIATE_TEST_SUITE_P(Models, HeadPainterTest, testing::Values("parametric", "canonical468"));

TEST(HeadPainterExpressionTest, FollowsExpressions) {
  MaskHeader header = TestMaskHeader();
  const auto names = MakeHeadModel(header.model, ModelsFolder())->ExpressionNames();
  ASSERT_GE(names.size(), 4u);
  header.expressions = {names.begin(), names.begin() + 4};
  const MaskFace face(header, ModelsFolder());
  HeadPainter painter(face.actor(), CameraLight(), kBackground, Tone());
  MaskFrame frame = Frame(8, 2, 3, 1.6, 4, 0);
  frame.expression.assign(header.expressions.size(), 0.0);
  const cv::Mat neutral = Draw(face, header, frame, &painter).quick.clone();
  frame.expression.assign(header.expressions.size(), 0.7);
  const Pictures moved = Draw(face, header, frame, &painter);
  ExpectAlike(moved);
  EXPECT_GT(cv::norm(neutral, moved.quick, cv::NORM_INF), 20);
}

TEST(HeadPainterOrderTest, FramesLeaveNothingBehind) {
  const MaskHeader header = TestMaskHeader();
  std::vector<MaskFrame> frames = Frames();
  frames[1].eyes[0].status = MaskEyeStatus::kNotSeen;
  frames[2].opacity = 0.5;
  frames[3].eyes[1].status = MaskEyeStatus::kShut;
  frames.push_back(Frame(60, 0, 0, 1.6, 4, 0));
  frames.push_back(Frame(0, 0, 0, 4, 4, 0));
  frames.back().place_px = {20, 340};
  MaskRenderer forwards(TestMaskFace(), header), backwards(TestMaskFace(), header);
  std::vector<cv::Mat> first(frames.size());
  for (size_t i = 0; i < frames.size(); ++i) forwards.Draw(frames[i], &first[i]);
  for (size_t i = frames.size(); i-- > 0;) {
    cv::Mat again;
    backwards.Draw(frames[i], &again);
    EXPECT_EQ(cv::norm(first[i], again, cv::NORM_INF), 0) << i;
  }
}

TEST(ToneCurveTest, GivesDecodedBytesAgain) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    EXPECT_EQ(Tone()(Tone().Decode(value)), value);
  }
  for (const float x : {0.0f, 0.001f, 0.02f, 0.3f, 0.9f, 3.0f})
    EXPECT_EQ(std::lround(Tone().Encode(x)), Tone()(x)) << x;
}

TEST(TextureLineTest, IsWhatTheTwoStepsGive) {
  cv::Mat image(64, 48, CV_32FC3);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x)
      image.at<cv::Vec3f>(y, x) = {0.01f * static_cast<float>(x * y % 31),
                                   0.02f * static_cast<float>(x % 7),
                                   0.03f * static_cast<float>(y % 5)};
  }
  const Texture texture(image);
  for (const float texels : {0.3f, 1.0f, 1.6f, 5.0f, 1e6f}) {
    constexpr int kCount = 22;
    std::array<float, 24> u{}, v{}, span{};
    for (size_t i = 0; i < u.size(); ++i) {
      u[i] = -0.1f + 0.055f * static_cast<float>(i);
      v[i] = 1.05f - 0.045f * static_cast<float>(i);
      span[i] = texels;
    }
    std::array<Texture::Footprint, 24> footprints;
    std::array<float, 96> expected{}, line{};
    texture.Locate(u.data(), v.data(), span.data(), kCount, footprints.data());
    texture.Fetch(footprints.data(), kCount, expected.data());
    texture.FetchLine(-0.1f, 1.05f, 0.055f, -0.045f, texels, kCount, line.data());
    for (size_t i = 0; i < 4 * kCount; ++i) EXPECT_NEAR(line[i], expected[i], 1e-3f) << i;
  }
}

}  // namespace
}  // namespace maskbench
