#include "maskbench/render/render_sequence.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/hash.h"

#include "mesh_fixtures.h"

namespace maskbench {
namespace {

Scene Turning(int frame) {
  Scene scene = EvenlyLit(97, 71, 200);
  const auto skin = Matt({0.6f, 0.4f, 0.3f});
  skin->kind = Material::Kind::kSkin;
  skin->specular = 0.5f;
  skin->scatter = 0.5f;
  const float along = static_cast<float>(frame);
  scene.meshes.push_back(Sphere({along * 2 - 20, 3, 300}, 40, 24, skin, false));
  scene.strands.push_back(Card(-30, -30 + along, 10, 5, 240, {0.2f, 0.1f, 0.1f}, 0.6f));
  DirectionalLight key;
  key.direction = Eigen::Vector3f(0.4f, -0.5f, -0.8f).normalized();
  key.casts_shadow = true;
  scene.lighting.lights = {key};
  return scene;
}

std::string BytesOf(const cv::Mat& image) {
  return {reinterpret_cast<const char*>(image.data), image.total() * image.elemSize()};
}

TEST(RenderSequence, BytesDoNotDependOnTheNumberOfThreads) {
  RenderOptions options;
  options.labels = true;
  options.depth = true;
  std::vector<std::string> first;
  for (const int threads : {1, 2, 3, 40}) {
    std::vector<std::string> frames;
    RenderSequence(13, threads, options, Turning, [&](int index, RenderedFrame& frame) {
      EXPECT_EQ(index, static_cast<int>(frames.size()));
      frames.push_back(BytesOf(frame.linear) + BytesOf(frame.labels) + BytesOf(frame.depth_mm));
    });
    ASSERT_EQ(frames.size(), 13u);
    if (threads == 1) first = frames;
    EXPECT_EQ(frames, first) << threads;
  }
  EXPECT_NE(first[0], first[1]);
}

TEST(RenderSequence, RunsAheadByABoundedNumberOfFrames) {
  std::atomic<int> begun = 0;
  const auto make = [&](int index) {
    ++begun;
    return Turning(index % 3);
  };
  RenderSequence(50, 3, {}, make,
                 [&](int index, RenderedFrame&) { EXPECT_LE(begun.load(), index + 1 + 2 * 3); });
  EXPECT_EQ(begun.load(), 50);
}

TEST(RenderSequence, SinkMayTakeTheImagesAway) {
  std::vector<cv::Mat> taken;
  RenderSequence(6, 2, {}, Turning,
                 [&](int, RenderedFrame& frame) { taken.push_back(std::move(frame.linear)); });
  RenderSequence(6, 2, {}, Turning, [&](int index, RenderedFrame& frame) {
    EXPECT_EQ(BytesOf(frame.linear), BytesOf(taken[index]));
  });
}

TEST(RenderSequence, FailureNamesTheFrameAfterThoseBeforeIt) {
  for (const int threads : {1, 3}) {
    int handed_over = 0;
    const auto make = [](int index) {
      Scene scene = Turning(index);
      if (index >= 7) scene.meshes[0].normals.resize(5);
      return scene;
    };
    try {
      RenderSequence(20, threads, {}, make, [&](int, RenderedFrame&) { ++handed_over; });
      FAIL();
    } catch (const DataError& error) {
      EXPECT_THAT(error.what(),
                  testing::AllOf(testing::HasSubstr("Frame 7"), testing::HasSubstr("Mesh 0")));
    }
    EXPECT_EQ(handed_over, 7);
  }
}

TEST(RenderSequence, FailuresOfSceneAndSinkKeepTheirKind) {
  for (const int threads : {1, 2}) {
    const auto usage = [&] {
      RenderSequence(
          4, threads, {}, [](int) -> Scene { throw UsageError("No such head."); },
          [](int, RenderedFrame&) {});
    };
    EXPECT_THROW(usage(), UsageError);
    const auto full = [&] {
      RenderSequence(4, threads, {}, Turning, [](int index, RenderedFrame&) {
        if (index == 2) throw std::runtime_error("The disk is full.");
      });
    };
    EXPECT_THAT(full, testing::ThrowsMessage<DataError>(testing::AllOf(
                          testing::HasSubstr("Frame 2"), testing::HasSubstr("disk is full"))));
  }
}

TEST(RenderSequence, NothingToDoIsDoneAtOnce) {
  RenderSequence(0, 4, {}, Turning, [](int, RenderedFrame&) { FAIL(); });
}

}  // namespace
}  // namespace maskbench
