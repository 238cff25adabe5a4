// What a rendered frame costs, on one core. The subject is a procedural head of the size that a
// scanned or parametric one has: 12 000 triangles, textures of 1024², 8 000 triangles of hair.
#include <cmath>
#include <memory>
#include <vector>

#include <Eigen/Geometry>
#include <benchmark/benchmark.h>

#include "maskbench/core/rng.h"
#include "maskbench/render/renderer.h"

namespace maskbench {
namespace {

constexpr int kRings = 77;  // × 2 · kSegments triangles: 12 012.
constexpr int kSegments = 78;
constexpr int kCards = 1000;  // × 8 triangles.
constexpr int kCardSteps = 4;
constexpr double kPi = 3.14159265358979323846;

/// Radius in mm along a unit direction (+y up, +z forward): an egg with a nose, sockets and lips.
double HeadRadius(const Eigen::Vector3d& d) {
  const Eigen::Vector3d scale(1 / 76.0, 1 / 118.0, 1 / 92.0);
  double radius = 1 / d.cwiseProduct(scale).norm();
  const auto bump = [&](double x, double y, double wide, double high, double out) {
    if (d.z() <= 0) return;
    const double u = (d.x() * radius - x) / wide;
    const double v = (d.y() * radius - y) / high;
    radius += out * std::exp(-u * u - v * v);
  };
  bump(0, -22, 11, 16, 24);
  bump(0, 8, 9, 24, 9);
  bump(-32, 8, 16, 11, -9);
  bump(32, 8, 16, 11, -9);
  bump(0, -52, 24, 5, 6);
  bump(0, -63, 20, 6, 6);
  return radius;
}

cv::Mat Noise(int size, const char* purpose) {
  NamedRandom random(1, "render_bench", purpose);
  cv::Mat image(size, size, CV_32FC3);
  for (int y = 0; y < size; ++y) {
    for (int x = 0; x < size * 3; ++x)
      image.ptr<float>(y)[x] = static_cast<float>(random.Uniform());
  }
  return image;
}

Mesh Head(const Pose& pose) {
  static const auto topology = [] {
    auto made = std::make_shared<MeshTopology>();
    for (int i = 0; i < kRings; ++i) {
      for (int j = 0; j < kSegments; ++j) {
        const int a = i * (kSegments + 1) + j;
        const int b = a + kSegments + 1;
        made->triangles.push_back({a, b, a + 1});
        made->triangles.push_back({a + 1, b, b + 1});
      }
    }
    made->parts.assign(made->triangles.size(), Part::kSkin);
    for (int i = 0; i <= kRings; ++i) {
      for (int j = 0; j <= kSegments; ++j) {
        made->uv.emplace_back(static_cast<float>(j) / kSegments, static_cast<float>(i) / kRings);
      }
    }
    return made;
  }();
  static const auto material = [] {
    auto made = std::make_shared<Material>();
    made->kind = Material::Kind::kSkin;
    made->albedo = {0.52f, 0.34f, 0.26f};
    made->albedo_texture =
        std::make_shared<Texture>(cv::Mat(Noise(1024, "albedo") * 0.2 + cv::Scalar::all(0.85)));
    cv::Mat relief = Noise(1024, "relief") * 0.5 - cv::Scalar(0.25, 0.25, -0.75);
    made->relief_texture = std::make_shared<Texture>(relief);
    made->scatter = 0.8f;
    return made;
  }();
  Mesh mesh;
  mesh.topology = topology;
  mesh.material = material;
  for (int i = 0; i <= kRings; ++i) {
    for (int j = 0; j <= kSegments; ++j) {
      // The poles are left out and right, the seam behind.
      const double polar = kPi * i / kRings;
      const double around = kPi + 2 * kPi * j / kSegments;
      const Eigen::Vector3d direction(std::sin(polar) * std::sin(around), std::cos(polar),
                                      std::sin(polar) * std::cos(around));
      mesh.positions.push_back((pose * (direction * HeadRadius(direction))).cast<float>());
    }
  }
  mesh.occlusion.assign(mesh.positions.size(), 0.9f);
  return mesh;
}

/// Cards that run over the crown to the forehead: six or so above one another, on a fifth of the
/// picture.
StrandMesh Hair(const Pose& pose) {
  static const auto topology = [] {
    auto made = std::make_shared<MeshTopology>();
    for (int card = 0; card < kCards; ++card) {
      for (int step = 0; step < kCardSteps; ++step) {
        const int a = (card * (kCardSteps + 1) + step) * 2;
        made->triangles.push_back({a, a + 2, a + 1});
        made->triangles.push_back({a + 1, a + 2, a + 3});
      }
      for (int step = 0; step <= kCardSteps; ++step) {
        made->uv.emplace_back(0.0f, static_cast<float>(step) / kCardSteps);
        made->uv.emplace_back(1.0f, static_cast<float>(step) / kCardSteps);
      }
    }
    made->parts.assign(made->triangles.size(), Part::kHair);
    return made;
  }();
  static const auto texture = [] {
    cv::Mat image(256, 256, CV_32FC4);
    NamedRandom random(1, "render_bench", "fibres");
    for (int x = 0; x < 256; ++x) {
      const double shade = 0.7 + 0.3 * random.Uniform();
      const double alpha = random.Uniform() < 0.55 ? 0.8 : 0.0;
      image.col(x) = cv::Scalar(shade, shade, shade, alpha);
    }
    return std::make_shared<Texture>(image);
  }();
  StrandMesh mesh;
  mesh.topology = topology;
  mesh.texture = texture;
  NamedRandom random(1, "render_bench", "hair");
  for (int card = 0; card < kCards; ++card) {
    const double side = 2 * random.Uniform() - 1;
    const double start = 1.5 * random.Uniform() - 0.75;
    const double lift = 1.03 + 0.08 * random.Uniform();
    for (int step = 0; step <= kCardSteps; ++step) {
      const double angle = start + 0.16 * step;
      for (const double edge : {-0.024, 0.024}) {
        const Eigen::Vector3d direction =
            Eigen::Vector3d(std::sin(1.2 * side + edge), std::cos(angle), std::sin(angle))
                .normalized();
        mesh.positions.push_back((pose * (direction * HeadRadius(direction) * lift)).cast<float>());
        mesh.normals.push_back((pose.rotation * direction).cast<float>());
      }
    }
  }
  return mesh;
}

/// The head fills 45 % of the picture's height and width taken together.
Scene TestScene(int height_px, bool hair) {
  Scene scene;
  scene.camera.width_px = height_px == 480 ? 640 : 1280;
  scene.camera.height_px = height_px;
  scene.camera.focal_px = 2.93 * height_px;
  scene.camera.principal_px = {scene.camera.width_px / 2.0 - 0.5, height_px / 2.0 - 0.5};
  const Pose pose = Pose::OfHead(8, 3, 2, {0, 0, 600});
  scene.meshes.push_back(Head(pose));
  if (hair) scene.strands.push_back(Hair(pose));
  DirectionalLight key;
  key.direction = Eigen::Vector3f(0.5f, -0.6f, -0.8f).normalized();
  key.casts_shadow = true;
  DirectionalLight fill;
  fill.direction = Eigen::Vector3f(-0.7f, -0.1f, -0.7f).normalized();
  fill.radiance = {0.3f, 0.3f, 0.32f};
  fill.wrap = 0.3f;
  scene.lighting.lights = {key, fill};
  return scene;
}

/// Arguments: height of the picture, strands.
void BM_Render(benchmark::State& state) {
  const Scene scene = TestScene(static_cast<int>(state.range(0)), state.range(1) != 0);
  Renderer renderer;
  RenderOptions options;
  options.labels = true;
  RenderedFrame frame;
  renderer.Render(scene, options, &frame);
  double skin = 0;
  double hair = 0;
  for (int y = 0; y < frame.labels.rows; ++y) {
    for (int x = 0; x < frame.labels.cols; ++x) {
      skin += frame.labels.at<uchar>(y, x) == static_cast<uchar>(Part::kSkin);
      hair += frame.labels.at<uchar>(y, x) == static_cast<uchar>(Part::kHair);
    }
  }
  state.counters["skin_share"] = skin / static_cast<double>(frame.labels.total());
  state.counters["hair_share"] = hair / static_cast<double>(frame.labels.total());
  for (auto _ : state) {
    renderer.Render(scene, options, &frame);
    benchmark::DoNotOptimize(frame.linear.data);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Render)
    ->ArgNames({"height", "strands"})
    ->ArgsProduct({{480, 720}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

/// Vertices, normals, triangles and shadow map alone: the head is beside the picture. Arguments:
/// shadows, strands.
void BM_Geometry(benchmark::State& state) {
  Scene scene = TestScene(480, state.range(1) != 0);
  scene.camera.principal_px.x() += 1e5;
  scene.camera.width_px = scene.camera.height_px = 16;
  Renderer renderer;
  RenderOptions options;
  options.shadows = state.range(0) != 0;
  RenderedFrame frame;
  for (auto _ : state) {
    renderer.Render(scene, options, &frame);
    benchmark::DoNotOptimize(frame.linear.data);
  }
}
BENCHMARK(BM_Geometry)
    ->ArgNames({"shadows", "strands"})
    ->ArgsProduct({{0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

/// A picture's rows of a texture; arguments: texels per pixel in thirds.
void BM_TextureSample(benchmark::State& state) {
  constexpr int kCount = 64;
  const Texture texture(Noise(1024, "albedo"));
  const float step = static_cast<float>(state.range(0)) / 3;
  const std::vector<float> texels(kCount, step);
  float u[kCount];
  float v[kCount];
  std::vector<Texture::Footprint> footprints(kCount);
  float rgba[4 * kCount];
  int x = 0;
  int y = 0;
  for (auto _ : state) {
    for (int i = 0; i < kCount; ++i) {
      u[i] = static_cast<float>(x + i) * step / 1024;
      v[i] = static_cast<float>(y) * step / 1024;
    }
    texture.Locate(u, v, texels.data(), kCount, footprints.data());
    texture.Fetch(footprints.data(), kCount, rgba);
    benchmark::DoNotOptimize(rgba);
    x += kCount;
    if (static_cast<float>(x) * step >= 1024) {
      x = 0;
      y = static_cast<float>(y + 1) * step < 1024 ? y + 1 : 0;
    }
  }
  state.SetItemsProcessed(kCount * state.iterations());
}
BENCHMARK(BM_TextureSample)->Arg(2)->Arg(4)->Arg(10);

}  // namespace
}  // namespace maskbench
