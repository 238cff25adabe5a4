#include "maskbench/render/renderer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Geometry>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "maskbench/core/error.h"
#include "maskbench/core/rng.h"
#include "maskbench/render/eye_shader.h"

#include "mesh_fixtures.h"

namespace maskbench {
namespace {

constexpr double kPi = 3.14159265358979323846;

float Red(const RenderedFrame& frame, int x, int y) { return frame.linear.at<cv::Vec3f>(y, x)[0]; }
Part Label(const RenderedFrame& frame, int x, int y) {
  return static_cast<Part>(frame.labels.at<uchar>(y, x));
}
RenderOptions Everything() {
  RenderOptions options;
  options.labels = true;
  options.depth = true;
  return options;
}
bool SameBytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && a.isContinuous() && b.isContinuous() &&
         std::memcmp(a.data, b.data, a.total() * a.elemSize()) == 0;
}

// --- Geometry -----------------------------------------------------------------------------------

TEST(Renderer, SquareOnPixelBoundariesFillsExactlyThosePixels) {
  // At z = focal length a millimetre is a pixel; pixel centres are at whole coordinates.
  Scene scene = EvenlyLit(20, 16, 100);
  scene.camera.principal_px = {10, 8};
  scene.meshes.push_back(Quad(-3.5f, -2.5f, 4.5f, 1.5f, 100, Matt({1, 1, 1})));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 20; ++x) {
      const bool inside = x >= 7 && x <= 14 && y >= 6 && y <= 9;
      EXPECT_NEAR(Red(frame, x, y), inside ? 1 : 0, 1e-6) << x << " " << y;
      EXPECT_EQ(Label(frame, x, y), inside ? Part::kSkin : Part::kBackground);
    }
  }
}

TEST(Renderer, AreaOfASphereIsThatOfTheProjectedCone) {
  // A sphere of angular radius a, whose axis is inclined by t, projects to an ellipse with
  // semi-axes f sin a / √(cos² t − sin² a) and f sin a cos a / (cos² t − sin² a).
  for (const Eigen::Vector3f& centre :
       {Eigen::Vector3f(0, 0, 600), Eigen::Vector3f(90, -30, 500), Eigen::Vector3f(-70, 50, 700)}) {
    Scene scene = EvenlyLit(640, 480, 900);
    scene.meshes.push_back(Sphere(centre, 80, 200, Matt({1, 1, 1})));
    const RenderedFrame frame = Renderer().Render(scene);
    const double sin_a = 80 / centre.norm();
    const double cos_a = std::sqrt(1 - sin_a * sin_a);
    const double cos_t = centre.z() / centre.norm();
    const double common = cos_t * cos_t - sin_a * sin_a;
    const double expected = kPi * 900 * 900 * sin_a / std::sqrt(common) * sin_a * cos_a / common;
    EXPECT_NEAR(cv::sum(frame.linear)[0] / expected, 1, 0.002) << centre.transpose();
  }
}

TEST(Renderer, SlantedEdgeLiesWhereGeometrySays) {
  for (const double slope : {0.03, 0.21, 0.77, -0.4, -0.08}) {
    Scene scene = EvenlyLit(200, 160, 100);
    scene.camera.principal_px = {100, 80};
    // The edge runs through (x, y) = (0.3 + slope · y, y); everything left of it is covered.
    const auto edge = [&](float y) { return static_cast<float>(0.3 + slope * y); };
    scene.meshes.push_back(
        Quad({{-500, -300, 100}, {edge(-300), -300, 100}, {edge(300), 300, 100}, {-500, 300, 100}},
             Matt({1, 1, 1})));
    const RenderedFrame frame = Renderer().Render(scene, Everything());
    double colour_error = 0;
    double label_error = 0;
    int rows = 0;
    for (int y = 0; y < 160; ++y) {
      const double expected = 100 + edge(static_cast<float>(y - 80));
      if (expected < 2 || expected > 197) continue;
      double covered = 0;
      double labelled = 0;
      for (int x = 0; x < 200; ++x) {
        covered += Red(frame, x, y);
        labelled += Label(frame, x, y) == Part::kSkin ? 1 : 0;
      }
      EXPECT_NEAR(covered - 0.5, expected, 0.3) << slope;
      EXPECT_NEAR(labelled - 0.5, expected, 0.51) << slope;
      colour_error += covered - 0.5 - expected;
      label_error += labelled - 0.5 - expected;
      ++rows;
    }
    ASSERT_GT(rows, 50);
    EXPECT_NEAR(colour_error / rows, 0, 0.02) << slope;
    EXPECT_NEAR(label_error / rows, 0, 0.1) << slope;
  }
}

/// Sheet of `n` × `n` cells with shaken inner vertices and random diagonals.
Mesh ShakenSheet(int n, float size, float z, uint64_t seed) {
  NamedRandom random(seed, "renderer_test", "sheet");
  auto topology = std::make_shared<MeshTopology>();
  Mesh mesh;
  const float cell = size / static_cast<float>(n);
  for (int i = 0; i <= n; ++i) {
    for (int j = 0; j <= n; ++j) {
      const bool border = i == 0 || j == 0 || i == n || j == n;
      const auto shake = [&] {
        return border ? 0.0f : static_cast<float>(0.98 * (random.Uniform() - 0.5)) * cell;
      };
      mesh.positions.emplace_back(static_cast<float>(j) * cell - size / 2 + shake(),
                                  static_cast<float>(i) * cell - size / 2 + shake(), z);
    }
  }
  // A cell that is not convex allows but one diagonal: the one from its reflex corner.
  const auto turn = [&](int a, int b, int c) {
    const Eigen::Vector3f ab = mesh.positions[b] - mesh.positions[a];
    const Eigen::Vector3f ac = mesh.positions[c] - mesh.positions[a];
    return ab.x() * ac.y() - ab.y() * ac.x();
  };
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      const int a = i * (n + 1) + j;
      const int b = a + 1;
      const int c = a + n + 2;
      const int d = a + n + 1;
      const bool first_fits = turn(a, b, c) > 0 && turn(a, c, d) > 0;
      const bool second_fits = turn(a, b, d) > 0 && turn(b, c, d) > 0;
      if (first_fits && (!second_fits || random.Uniform() < 0.5)) {
        topology->triangles.push_back({a, c, b});
        topology->triangles.push_back({a, d, c});
      } else {
        topology->triangles.push_back({a, d, b});
        topology->triangles.push_back({b, d, c});
      }
    }
  }
  topology->parts.assign(topology->triangles.size(), Part::kSkin);
  mesh.topology = topology;
  mesh.material = Matt({1, 1, 1});
  return mesh;
}

TEST(Renderer, TessellatedSheetHasNoCracks) {
  for (const int n : {3, 17, 90, 400}) {
    Scene scene = EvenlyLit(150, 150, 100);
    scene.meshes.push_back(ShakenSheet(n, 160, 100, static_cast<uint64_t>(n)));
    const RenderedFrame frame = Renderer().Render(scene, Everything());
    double low;
    double high;
    cv::minMaxLoc(frame.linear.reshape(1), &low, &high);
    EXPECT_NEAR(low, 1, 1e-5) << n;
    EXPECT_NEAR(high, 1, 1e-5) << n;
    cv::minMaxLoc(frame.labels, &low, &high);
    EXPECT_EQ(low, static_cast<double>(Part::kSkin));
  }
}

TEST(Renderer, StrandsThatShareEdgesNeitherOverlapNorGape) {
  const Mesh sheet = ShakenSheet(40, 160, 100, 7);
  StrandMesh strands;
  strands.topology = sheet.topology;
  strands.positions = sheet.positions;
  strands.albedo = {0, 0, 0};
  strands.specular = 0;
  strands.alpha.assign(strands.positions.size(), 0.5f);
  Scene scene = EvenlyLit(150, 150, 100);
  scene.background.top = scene.background.bottom = {1, 1, 1};
  scene.strands.push_back(strands);
  const RenderedFrame frame = Renderer().Render(scene);
  double low;
  double high;
  cv::minMaxLoc(frame.linear.reshape(1), &low, &high);
  EXPECT_NEAR(low, 0.5, 1e-5);
  EXPECT_NEAR(high, 0.5, 1e-5);
}

TEST(Renderer, DepthOfATiltedPlaneIsExact) {
  Scene scene = EvenlyLit(120, 90, 100);
  // n · p = d.
  const Eigen::Vector3d normal = Eigen::Vector3d(0.4, -0.3, -1).normalized();
  const double d = normal.dot(Eigen::Vector3d(0, 0, 500));
  const auto on_plane = [&](double x, double y) {
    const Eigen::Vector3d ray(x, y, 1);
    return Eigen::Vector3f((ray * (d / normal.dot(ray))).cast<float>());
  };
  scene.meshes.push_back(
      Quad({on_plane(-0.9, -0.9), on_plane(0.9, -0.9), on_plane(0.9, 0.9), on_plane(-0.9, 0.9)},
           Matt({1, 1, 1})));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  for (int y = 0; y < 90; y += 7) {
    for (int x = 0; x < 120; x += 7) {
      const double expected = d / normal.dot(scene.camera.Ray({x, y}));
      // The corners are rounded to 1/256 pixel.
      EXPECT_NEAR(frame.depth_mm.at<float>(y, x), expected, 0.02) << x << " " << y;
    }
  }
}

TEST(Renderer, DepthOfASphereFollowsItsSurface) {
  Scene scene = EvenlyLit(200, 200, 800);
  scene.meshes.push_back(Sphere({5, -8, 600}, 60, 160, Matt({1, 1, 1})));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  const Eigen::Vector3d centre(5, -8, 600);
  int seen = 0;
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) {
      const Eigen::Vector3d ray = scene.camera.Ray({x, y});
      const double b = ray.dot(centre);
      const double root = b * b - ray.squaredNorm() * (centre.squaredNorm() - 60 * 60);
      const double depth = frame.depth_mm.at<float>(y, x);
      // Leave out the rim, where the depth changes by millimetres within a pixel.
      if (root > 0.15 * b * b * 0.01) {
        ++seen;
        EXPECT_NEAR(depth, (b - std::sqrt(root)) / ray.squaredNorm(), 0.08) << x << " " << y;
      }
      if (root < -400) {
        EXPECT_EQ(depth, 0) << x << " " << y;
      }
    }
  }
  EXPECT_GT(seen, 10000);
}

TEST(Renderer, NearerSurfaceHidesTheFartherInEitherOrder) {
  for (const bool swapped : {false, true}) {
    Scene scene = EvenlyLit(40, 30, 100);
    scene.meshes.push_back(Quad(-9, -9, 9, 9, 100, Matt({0.25f, 0.25f, 0.25f}), Part::kSkin));
    scene.meshes.push_back(Quad(-99, -99, 99, 99, 101, Matt({1, 1, 1}), Part::kClothes));
    if (swapped) std::swap(scene.meshes[0], scene.meshes[1]);
    const RenderedFrame frame = Renderer().Render(scene, Everything());
    EXPECT_NEAR(Red(frame, 20, 15), 0.25, 1e-5);
    EXPECT_EQ(Label(frame, 20, 15), Part::kSkin);
    EXPECT_NEAR(frame.depth_mm.at<float>(15, 20), 100, 1e-3);
    EXPECT_NEAR(Red(frame, 2, 2), 1, 1e-5);
    EXPECT_EQ(Label(frame, 2, 2), Part::kClothes);
  }
}

TEST(Renderer, CrossingPlanesMeetOnTheLineOfTheirDepths) {
  Scene scene = EvenlyLit(200, 40, 100);
  // One plane faces the camera at z = 100; the other comes forward to the right, through z = 100 at
  // x = 10.5 px right of the middle.
  scene.meshes.push_back(Quad(-200, -50, 200, 50, 100, Matt({0, 0, 0}), Part::kClothes));
  const float slope = -0.5f;
  const auto z_at = [&](float x) { return 100 + slope * (x - 10.5f); };
  scene.meshes.push_back(
      Quad({{-80, -90, z_at(-80)}, {80, -90, z_at(80)}, {80, 90, z_at(80)}, {-80, 90, z_at(-80)}},
           Matt({1, 1, 1}), Part::kSkin));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  for (int y = 5; y < 35; ++y) {
    double dark = 0;
    for (int x = 0; x < 200; ++x) dark += 1 - Red(frame, x, y);
    EXPECT_NEAR(dark - 0.5, 99.5 + 10.5, 0.3) << y;
  }
}

TEST(Renderer, OfEqualDepthsTheEarlierTriangleShows) {
  Scene scene = EvenlyLit(20, 20, 100);
  scene.meshes.push_back(Quad(-9, -9, 9, 9, 100, Matt({0.3f, 0.3f, 0.3f}), Part::kTeeth));
  scene.meshes.push_back(Quad(-9, -9, 9, 9, 100, Matt({0.9f, 0.9f, 0.9f}), Part::kSkin));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  EXPECT_EQ(Label(frame, 10, 10), Part::kTeeth);
  EXPECT_NEAR(Red(frame, 10, 10), 0.3, 1e-5);
}

TEST(Renderer, BackFacesAreDrawnOnlyWhenTwoSided) {
  Scene scene = EvenlyLit(20, 20, 100);
  // Seen from behind: left and right are exchanged.
  scene.meshes.push_back(
      Quad({{9, -9, 100}, {-9, -9, 100}, {-9, 9, 100}, {9, 9, 100}}, Matt({1, 1, 1})));
  EXPECT_EQ(Red(Renderer().Render(scene), 10, 10), 0);
  scene.meshes[0].two_sided = true;
  DirectionalLight light;
  light.direction = {0, 0, -1};
  light.wrap = 0;
  scene.lighting.lights = {light};
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  // Its normal is turned to the viewer: lit from the camera's side.
  EXPECT_NEAR(Red(Renderer().Render(scene), 10, 10), 1, 1e-4);
}

TEST(Renderer, TrianglesAtOrBehindTheCameraAreLeftOut) {
  Scene scene = EvenlyLit(20, 20, 100);
  scene.meshes.push_back(
      Quad({{-9, -9, -100}, {9, -9, 100}, {9, 9, 100}, {-9, 9, 100}}, Matt({1, 1, 1})));
  const RenderedFrame frame = Renderer().Render(scene);
  // The triangle with the corner behind the camera is gone, the other one is there.
  EXPECT_EQ(Red(frame, 3, 3), 0);
  EXPECT_NEAR(Red(frame, 17, 17), 1, 1e-5);
}

TEST(Renderer, PartsFarOutsideThePictureDoNoHarm) {
  Scene scene = EvenlyLit(30, 30, 3000);
  scene.meshes.push_back(Quad(-4e5f, -4e5f, 4e5f, 4e5f, 1000, Matt({1, 1, 1})));
  scene.meshes.push_back(Quad(-1e9f, -1e9f, 1e9f, 1e9f, 20, Matt({0, 0, 0})));
  const RenderedFrame frame = Renderer().Render(scene);
  for (int i = 0; i < 30; ++i) EXPECT_NEAR(Red(frame, i, 29 - i), 1, 1e-5);
}

TEST(Renderer, MirroredSceneGivesTheMirroredPicture) {
  const auto make = [](float side) {
    Scene scene = EvenlyLit(161, 120, 300);
    scene.background.top = {0.1f, 0.2f, 0.3f};
    const auto skin = Matt({0.6f, 0.4f, 0.3f});
    skin->kind = Material::Kind::kSkin;
    skin->scatter = 0.7f;
    skin->specular = 0.4f;
    scene.meshes.push_back(Sphere({side * 20, 5, 400}, 60, 60, skin, false));
    scene.meshes.push_back(Sphere({side * -30, 20, 330}, 15, 40, skin, false));
    DirectionalLight key;
    key.direction = Eigen::Vector3f(side * -0.5f, -0.4f, -0.7f).normalized();
    key.casts_shadow = true;
    scene.lighting.lights = {key};
    return scene;
  };
  Renderer renderer;
  const RenderedFrame one = renderer.Render(make(1));
  const RenderedFrame other = renderer.Render(make(-1));
  double sum = 0;
  int far_off = 0;
  for (int y = 0; y < 120; ++y) {
    for (int x = 0; x < 161; ++x) {
      const double difference = std::abs(Red(one, x, y) - Red(other, 160 - x, y));
      sum += difference;
      far_off += difference > 0.02 ? 1 : 0;
    }
  }
  // The grid of samples and the shadow map are not mirrored: edges differ by part of a step.
  EXPECT_LT(sum / (161 * 120), 0.002);
  EXPECT_LT(far_off, 161 * 120 / 100);
}

// --- Light --------------------------------------------------------------------------------------

TEST(Renderer, WhiteBodyInUniformLightVanishes) {
  for (const float specular : {0.0f, 0.5f, 1.0f}) {
    for (const auto kind : {Material::Kind::kPlain, Material::Kind::kSkin}) {
      Scene scene = EvenlyLit(100, 100, 300);
      scene.lighting.ambient_up = scene.lighting.ambient_down = {0.7f, 0.7f, 0.7f};
      const auto white = Matt({1, 1, 1});
      white->kind = kind;
      white->specular = specular;
      white->scatter = 1;
      scene.background.top = scene.background.bottom = {0.7f, 0.7f, 0.7f};
      scene.meshes.push_back(Sphere({0, 0, 300}, 40, 50, white));
      const RenderedFrame frame = Renderer().Render(scene);
      double low;
      double high;
      cv::minMaxLoc(frame.linear.reshape(1), &low, &high);
      EXPECT_NEAR(low, 0.7, 1e-4) << specular;
      EXPECT_NEAR(high, 0.7, 1e-4) << specular;
    }
  }
}

/// Radiance of a plane that faces the camera in the light of many directions round it.
double InLightFromEverywhere(float wrap, float scatter, float specular) {
  constexpr int kLights = 2000;
  Scene scene = EvenlyLit(4, 4, 1e5);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  const auto material = Matt({1, 1, 1});
  material->kind = Material::Kind::kSkin;
  material->scatter = scatter;
  material->specular = specular;
  Mesh mesh = Sphere({0, 0, 1e5f}, 20, 40, material);
  scene.meshes.push_back(mesh);
  for (int i = 0; i < kLights; ++i) {
    const double z = 1 - (2 * i + 1.0) / kLights;
    const double around = i * kPi * (3 - std::sqrt(5.0));
    const double radius = std::sqrt(1 - z * z);
    DirectionalLight light;
    light.direction = {static_cast<float>(radius * std::cos(around)),
                       static_cast<float>(radius * std::sin(around)), static_cast<float>(z)};
    light.wrap = wrap;
    scene.lighting.lights.push_back(light);
  }
  return Red(Renderer().Render(scene), 2, 2) / kLights;
}

TEST(Renderer, SofterLightAndScatteringKeepTheEnergy) {
  // The mean of max(0, cos) over the sphere is 1/4.
  EXPECT_NEAR(InLightFromEverywhere(0.0f, 0, 0), 0.25, 0.001);
  EXPECT_NEAR(InLightFromEverywhere(0.3f, 0, 0), 0.25, 0.002);
  EXPECT_NEAR(InLightFromEverywhere(0.5f, 0, 0), 0.25, 0.002);
  EXPECT_NEAR(InLightFromEverywhere(0.1f, 1, 0), 0.25, 0.002);
  // The lobe adds no more than the diffuse part loses.
  EXPECT_LT(InLightFromEverywhere(0.1f, 1, 1), 0.2525);
  EXPECT_GT(InLightFromEverywhere(0.1f, 1, 1), 0.24);
}

TEST(Renderer, SphereInFrontalLightShowsTwoThirdsOfItsBrightness) {
  // Mean of the cosine over the disc (Lambert).
  Scene scene = EvenlyLit(100, 100, 1e5);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  scene.meshes.push_back(Sphere({0, 0, 1e5f}, 40, 100, Matt({1, 1, 1})));
  DirectionalLight light;
  light.direction = {0, 0, -1};
  light.wrap = 0;
  scene.lighting.lights = {light};
  const RenderedFrame frame = Renderer().Render(scene);
  EXPECT_NEAR(cv::sum(frame.linear)[0] / (kPi * 40 * 40), 2.0 / 3, 0.003);
}

TEST(Renderer, RedLightBleedsFarthestPastTheTerminator) {
  Scene scene = EvenlyLit(101, 101, 1e4);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  const auto skin = Matt({0.5f, 0.5f, 0.5f});
  skin->kind = Material::Kind::kSkin;
  skin->scatter = 1;
  scene.meshes.push_back(Sphere({0, 0, 1e4f}, 10, 60, skin));
  scene.camera.focal_px = 4e4;
  DirectionalLight light;
  light.direction = {1, 0, 0};
  light.wrap = 0;
  scene.lighting.lights = {light};
  const RenderedFrame frame = Renderer().Render(scene);
  const auto colour = frame.linear.at<cv::Vec3f>(50, 48);  // Just in the dark.
  EXPECT_GT(colour[0], 1.3 * colour[1]);
  EXPECT_GT(colour[1], 1.2 * colour[2]);
  // In full light the colours are the material's.
  const auto lit = frame.linear.at<cv::Vec3f>(50, 87);
  EXPECT_NEAR(lit[0] / lit[2], 1, 0.06);
}

TEST(Renderer, ConstantReliefShadesLikeATiltedPlane) {
  // Slopes of 0.3 along u and −0.2 along v: the normal is (−0.3, 0.2, −1) in the camera frame,
  // where u runs right, v down and the surface rises towards the camera.
  cv::Mat slopes(4, 4, CV_32FC3, cv::Scalar(0.3, -0.2, 1));
  const auto material = Matt({1, 1, 1});
  material->relief_texture = std::make_shared<Texture>(slopes);
  Scene scene = EvenlyLit(21, 21, 1000);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  scene.meshes.push_back(Quad(-50, -50, 50, 50, 1000, material));
  const Eigen::Vector3f normal = Eigen::Vector3f(-0.3f, 0.2f, -1).normalized();
  for (const Eigen::Vector3f& direction :
       {Eigen::Vector3f(0, 0, -1), Eigen::Vector3f(0.5f, 0.1f, -0.7f),
        Eigen::Vector3f(-0.2f, -0.6f, -0.9f)}) {
    DirectionalLight light;
    light.direction = direction.normalized();
    light.wrap = 0;
    scene.lighting.lights = {light};
    EXPECT_NEAR(Red(Renderer().Render(scene), 10, 10), normal.dot(light.direction), 1e-3);
  }
}

TEST(Renderer, ComputedNormalsAreThoseOfTheSphere) {
  Scene scene = EvenlyLit(200, 200, 800);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0.6f, -0.3f, -0.7f).normalized();
  scene.lighting.lights = {light};
  Renderer renderer;
  scene.meshes = {Sphere({0, 0, 600}, 60, 60, Matt({1, 1, 1}), true)};
  const RenderedFrame given = renderer.Render(scene);
  scene.meshes = {Sphere({0, 0, 600}, 60, 60, Matt({1, 1, 1}), false)};
  const RenderedFrame computed = renderer.Render(scene);
  EXPECT_LT(cv::norm(given.linear, computed.linear, cv::NORM_INF), 0.01);
}

TEST(Renderer, TextureIsPerspectivelyCorrect) {
  cv::Mat ramp(1, 64, CV_32FC3);
  for (int x = 0; x < 64; ++x) {
    const float u = (static_cast<float>(x) + 0.5f) / 64;
    ramp.at<cv::Vec3f>(0, x) = {u, 1 - u, 0.5f};
  }
  const auto material = Matt({1, 1, 1});
  material->albedo_texture = std::make_shared<Texture>(ramp);
  Scene scene = EvenlyLit(200, 60, 200);
  // The left edge is at z = 200, the right edge at z = 600.
  scene.meshes.push_back(
      Quad({{-80, -90, 200}, {240, -90, 600}, {240, 90, 600}, {-80, 90, 200}}, material));
  const RenderedFrame frame = Renderer().Render(scene);
  for (int x = 40; x < 160; x += 5) {
    const Eigen::Vector3d ray = scene.camera.Ray({static_cast<double>(x), 30});
    // (−80 + 320 u) / (200 + 400 u) = ray.x.
    const double u = (200 * ray.x() + 80) / (320 - 400 * ray.x());
    EXPECT_NEAR(Red(frame, x, 30), u, 0.005) << x;
  }
}

TEST(Renderer, FineTextureFadesToItsMean) {
  cv::Mat board(512, 512, CV_32FC1);
  for (int y = 0; y < 512; ++y) {
    for (int x = 0; x < 512; ++x) board.at<float>(y, x) = (x + y) % 2 == 0 ? 1.0f : 0.0f;
  }
  const auto material = Matt({1, 1, 1});
  material->albedo_texture = std::make_shared<Texture>(board);
  Scene scene = EvenlyLit(64, 64, 100);
  scene.meshes.push_back(Quad(-30, -30, 30, 30, 100, material));
  const RenderedFrame frame = Renderer().Render(scene);
  for (int i = 8; i < 56; ++i) EXPECT_NEAR(Red(frame, i, 63 - i), 0.5, 0.01);
}

// --- Shadow -------------------------------------------------------------------------------------

TEST(Renderer, ShadowOfASquareLiesWhereGeometrySays) {
  for (const Eigen::Vector3f& direction :
       {Eigen::Vector3f(-0.6f, -0.2f, -0.7f), Eigen::Vector3f(0.5f, 0.3f, -0.6f),
        Eigen::Vector3f(0.7f, -0.1f, -0.9f)}) {
    const Eigen::Vector3f toward = direction.normalized();
    Scene scene = EvenlyLit(640, 480, 1000);
    scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
    scene.meshes.push_back(Quad(-200, -200, 200, 200, 800, Matt({1, 1, 1})));
    scene.meshes.push_back(Quad(-15, -15, 15, 15, 740, Matt({0, 0, 0}), Part::kOccluder));
    DirectionalLight light;
    light.direction = toward;
    light.casts_shadow = true;
    scene.lighting.lights = {light};
    const RenderedFrame frame = Renderer().Render(scene, Everything());
    // A corner p is thrown to p − t · toward on the plane z = 800.
    const float t = (740 - 800) / toward.z();
    const double row_mm = -t * toward.y();
    const int y = static_cast<int>(std::lround(scene.camera.Project({0, row_mm, 800}).y()));
    const double left = scene.camera.Project({-15 - t * toward.x(), row_mm, 800}).x();
    const double right = scene.camera.Project({15 - t * toward.x(), row_mm, 800}).x();
    const double full = -toward.z();
    // Crossings of half the light, from the outside in.
    int first = 0;
    int last = 639;
    const auto dark = [&](int x) {
      return Label(frame, x, y) == Part::kSkin && Red(frame, x, y) < full / 2;
    };
    while (first < 639 && !dark(first)) ++first;
    while (last > 0 && !dark(last)) --last;
    // Part of the shadow may hide behind the square; the side away from it is seen.
    if (toward.x() < 0) {
      EXPECT_NEAR(last + 0.5, right, 2) << toward.transpose();
    } else {
      EXPECT_NEAR(first - 0.5, left, 2) << toward.transpose();
    }
    // Far from it all light arrives.
    EXPECT_NEAR(Red(frame, 320 + (toward.x() < 0 ? -200 : 200), 240), full, 0.01);
  }
}

TEST(Renderer, SphereDoesNotShadeItsLitSide) {
  Scene scene = EvenlyLit(300, 300, 1000);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  scene.meshes.push_back(Sphere({0, 0, 600}, 80, 70, Matt({1, 1, 1})));
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0.6f, -0.5f, -0.6f).normalized();
  light.casts_shadow = true;
  scene.lighting.lights = {light};
  RenderOptions without;
  without.shadows = false;
  Renderer renderer;
  const RenderedFrame with_map = renderer.Render(scene);
  const RenderedFrame without_map = renderer.Render(scene, without);
  double most = 0;
  for (int y = 0; y < 300; ++y) {
    for (int x = 0; x < 300; ++x) {
      if (Red(without_map, x, y) < 0.25) continue;  // Cosine below 1/4: the terminator.
      most = std::max(most, std::abs(1.0 - Red(with_map, x, y) / Red(without_map, x, y)));
    }
  }
  EXPECT_LT(most, 0.005);
}

TEST(Renderer, CoarseTrianglesDoNotShadeOneAnother) {
  Scene scene = EvenlyLit(200, 200, 1000);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  // Edges of 19 mm on a radius of 60 mm.
  scene.meshes.push_back(Sphere({0, 0, 700}, 60, 10, Matt({1, 1, 1})));
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0.8f, -0.1f, -0.4f).normalized();
  light.casts_shadow = true;
  scene.lighting.lights = {light};
  RenderOptions without;
  without.shadows = false;
  Renderer renderer;
  const RenderedFrame with_map = renderer.Render(scene);
  const RenderedFrame without_map = renderer.Render(scene, without);
  for (int y = 0; y < 200; ++y) {
    for (int x = 0; x < 200; ++x) {
      const float full = Red(without_map, x, y);
      if (full > 0.12f) {
        EXPECT_NEAR(Red(with_map, x, y) / full, 1, 0.02) << x << " " << y;
      }
    }
  }
}

TEST(Renderer, OnlyCastersThrowShadows) {
  Scene scene = EvenlyLit(100, 100, 500);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  scene.meshes.push_back(Quad(-80, -80, 80, 80, 800, Matt({1, 1, 1})));
  scene.meshes.push_back(Quad(-30, -30, 30, 30, 300, Matt({0, 0, 0})));
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0, -1, -1).normalized();
  light.casts_shadow = true;
  scene.lighting.lights = {light};
  // (0, 30, 800) is behind the picture's middle; the light over it passes the square's depth at
  // y = −470: unhindered. Move the square there.
  for (Eigen::Vector3f& position : scene.meshes[1].positions) position.y() -= 470;
  const int y = 49 + 19;
  EXPECT_LT(Red(Renderer().Render(scene), 50, y), 0.01);
  scene.meshes[1].casts_shadow = false;
  EXPECT_NEAR(Red(Renderer().Render(scene), 50, y), std::sqrt(0.5), 0.01);
}

// --- Strands ------------------------------------------------------------------------------------

Scene WhiteWall() {
  Scene scene = EvenlyLit(60, 40, 100);
  scene.background.top = scene.background.bottom = {1, 1, 1};
  return scene;
}

TEST(Strands, HalfTransparentCardHalvesWhatIsBehind) {
  Scene scene = WhiteWall();
  scene.strands.push_back(Card(-15.5f, -99, 15.5f, 99, 100, {0, 0, 0}, 0.5f));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  for (int y = 0; y < 40; ++y) {
    EXPECT_NEAR(Red(frame, 20, y), 0.5, 1e-5);
    EXPECT_NEAR(Red(frame, 5, y), 1, 1e-5);
  }
  scene.strands.push_back(Card(-15.5f, -99, 15.5f, 99, 90, {0, 0, 0}, 0.5f));
  EXPECT_NEAR(Red(Renderer().Render(scene), 30, 20), 0.25, 1e-5);
}

TEST(Strands, OrderOfInputDoesNotMatter) {
  Scene scene = WhiteWall();
  scene.strands.push_back(Card(-15, -20, 15, 20, 100, {0.8f, 0.1f, 0.1f}, 0.6f));
  scene.strands.push_back(Card(-9, -30, 22, 10, 95, {0.1f, 0.1f, 0.7f}, 0.4f));
  scene.strands.push_back(Card(-2, -9, 25, 30, 105, {0.1f, 0.9f, 0.2f}, 0.5f));
  Renderer renderer;
  const RenderedFrame one = renderer.Render(scene);
  std::swap(scene.strands[0], scene.strands[1]);
  std::swap(scene.strands[1], scene.strands[2]);
  const RenderedFrame other = renderer.Render(scene);
  EXPECT_LT(cv::norm(one.linear, other.linear, cv::NORM_INF), 1e-6);
  // Front to back: 0.4 blue, then 0.6 · 0.6 red, then 0.24 · 0.5 green, then white; even light of
  // radiance 1 shows the albedo.
  const auto colour = one.linear.at<cv::Vec3f>(20, 31);
  EXPECT_NEAR(colour[0], 0.4 * 0.1 + 0.36 * 0.8 + 0.12 * 0.1 + 0.12, 1e-4);
  EXPECT_NEAR(colour[1], 0.4 * 0.1 + 0.36 * 0.1 + 0.12 * 0.9 + 0.12, 1e-4);
  EXPECT_NEAR(colour[2], 0.4 * 0.7 + 0.36 * 0.1 + 0.12 * 0.2 + 0.12, 1e-4);
}

TEST(Strands, SurfacesInFrontHideThem) {
  Scene scene = WhiteWall();
  scene.meshes.push_back(Quad(-99, -99, 0, 99, 100, Matt({0.5f, 0.5f, 0.5f})));
  scene.strands.push_back(Card(-99, -99, 99, 99, 101, {0, 0, 0}, 1));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  EXPECT_NEAR(Red(frame, 10, 20), 0.5, 1e-5);
  EXPECT_EQ(Label(frame, 10, 20), Part::kSkin);
  EXPECT_NEAR(Red(frame, 50, 20), 0, 1e-5);
  EXPECT_EQ(Label(frame, 50, 20), Part::kHair);
}

TEST(Strands, LabelTellsWhatHidesMoreThanHalf) {
  Scene scene = WhiteWall();
  scene.meshes.push_back(Quad(-99, -99, 99, 99, 200, Matt({0.5f, 0.5f, 0.5f})));
  scene.strands.push_back(Card(-99, -99, 99, 99, 100, {0, 0, 0}, 0.4f));
  EXPECT_EQ(Label(Renderer().Render(scene, Everything()), 30, 20), Part::kSkin);
  scene.strands.push_back(Card(-99, -99, 99, 99, 90, {0, 0, 0}, 0.4f));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  EXPECT_EQ(Label(frame, 30, 20), Part::kHair);
  // Depth is that of the surface behind.
  EXPECT_NEAR(frame.depth_mm.at<float>(20, 30), 200, 0.01);
}

TEST(Strands, TextureGivesAlphaAndColour) {
  cv::Mat image(1, 2, CV_32FC4);
  image.at<cv::Vec4f>(0, 0) = {1, 0.5f, 0, 0.75f};
  image.at<cv::Vec4f>(0, 1) = {1, 1, 1, 0};
  Scene scene = WhiteWall();
  StrandMesh card = Card(-20, -99, 20, 99, 100, {0.4f, 0.4f, 0.4f}, 1);
  card.texture = std::make_shared<Texture>(image);
  scene.strands.push_back(card);
  const RenderedFrame frame = Renderer().Render(scene);
  const auto left = frame.linear.at<cv::Vec3f>(20, 12);
  EXPECT_NEAR(left[0], 0.75 * 0.4 + 0.25, 1e-3);
  EXPECT_NEAR(left[1], 0.75 * 0.2 + 0.25, 1e-3);
  EXPECT_NEAR(left[2], 0.25, 1e-3);
  EXPECT_NEAR(Red(frame, 47, 20), 1, 1e-3);
}

TEST(Strands, HighlightRunsAcrossTheFibres) {
  // A ball of hair combed downwards, light and camera in front: the highlight is a horizontal band.
  Scene scene = EvenlyLit(120, 120, 1000);
  scene.lighting.ambient_up = scene.lighting.ambient_down = {0, 0, 0};
  const Mesh ball = Sphere({0, 0, 1000}, 50, 60, nullptr);
  StrandMesh hair;
  hair.topology = ball.topology;
  hair.positions = ball.positions;
  hair.normals = ball.normals;
  for (const Eigen::Vector3f& n : ball.normals) {
    Eigen::Vector3f down = Eigen::Vector3f(0, 1, 0) - n.y() * n;
    hair.tangents.push_back(down.norm() > 1e-3f ? Eigen::Vector3f(down.normalized())
                                                : Eigen::Vector3f(1, 0, 0));
  }
  hair.albedo = {0.02f, 0.02f, 0.02f};
  hair.specular = 1;
  scene.strands.push_back(hair);
  DirectionalLight light;
  light.direction = {0, 0, -1};
  scene.lighting.lights = {light};
  const RenderedFrame frame = Renderer().Render(scene);
  EXPECT_GT(Red(frame, 60, 60), 1.5 * Red(frame, 60, 25));
  EXPECT_GT(Red(frame, 60, 60), 1.5 * Red(frame, 60, 95));
  EXPECT_GT(Red(frame, 40, 60), 0.7 * Red(frame, 60, 60));
  EXPECT_GT(Red(frame, 80, 60), 0.7 * Red(frame, 60, 60));
}

// --- Eyes ---------------------------------------------------------------------------------------

/// Ball of one colour with a dark disc.
class Ball : public EyeShader {
 public:
  Ball(const Eigen::Vector3f& centre, float radius) : centre_(centre), radius_(radius) {}
  Bounds PixelBounds(const Camera& camera) const override {
    const Eigen::Vector2d at = camera.Project(centre_.cast<double>());
    const int reach = static_cast<int>(camera.focal_px * radius_ / (centre_.z() - radius_)) + 2;
    const int x = static_cast<int>(at.x());
    const int y = static_cast<int>(at.y());
    return {x - reach, y - reach, x + reach, y + reach};
  }
  std::optional<EyeHit> Intersect(const Eigen::Vector3f& ray) const override {
    const float b = ray.dot(centre_);
    const float root = b * b - ray.squaredNorm() * (centre_.squaredNorm() - radius_ * radius_);
    if (root < 0) return std::nullopt;
    const float depth = (b - std::sqrt(root)) / ray.squaredNorm();
    const Eigen::Vector3f at = depth * ray - centre_;
    return EyeHit{depth, at.head<2>().norm() < radius_ / 2 ? Part::kIris : Part::kSclera};
  }
  Eigen::Vector3f Shade(const Eigen::Vector3f&, const EyeHit& hit, float, float key_visibility,
                        const Lighting&) const override {
    return hit.part == Part::kIris ? Eigen::Vector3f(0.2f, 0.2f, key_visibility)
                                   : Eigen::Vector3f(0.8f, 0.8f, key_visibility);
  }

 private:
  Eigen::Vector3f centre_;
  float radius_;
};

TEST(Eyes, GlobeShowsWhereItIsNearest) {
  Scene scene = EvenlyLit(120, 120, 1000);
  scene.eyes[0] = std::make_shared<Ball>(Eigen::Vector3f(0, 0, 512), 12.0f);
  // A lid that covers the upper half, in front of the globe, and one behind it that covers all.
  scene.meshes.push_back(Quad(-99, -99, 99, 0.25f, 495, Matt({0.5f, 0.5f, 0.5f})));
  scene.meshes.push_back(Quad(-99, -99, 99, 99, 530, Matt({0.1f, 0.1f, 0.1f}), Part::kMouth));
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  EXPECT_NEAR(Red(frame, 60, 50), 0.5, 1e-4);
  EXPECT_EQ(Label(frame, 60, 50), Part::kSkin);
  EXPECT_NEAR(Red(frame, 60, 65), 0.2, 1e-4);
  EXPECT_EQ(Label(frame, 60, 65), Part::kIris);
  EXPECT_NEAR(frame.depth_mm.at<float>(62, 59), 500, 0.1);
  EXPECT_NEAR(Red(frame, 60, 78), 0.8, 1e-4);
  EXPECT_EQ(Label(frame, 60, 78), Part::kSclera);
  EXPECT_NEAR(Red(frame, 60, 110), 0.1, 1e-4);
  EXPECT_EQ(Label(frame, 60, 110), Part::kMouth);
  EXPECT_NEAR(frame.linear.at<cv::Vec3f>(70, 60)[2], 1, 1e-4);  // No shadow map: all light.
}

TEST(Eyes, RimAndLineOfContactAreSmoothed) {
  // The globe stands out of a plane through its middle: a disc of radius 12 at depth 512.
  for (const float offset : {0.0f, 0.13f, 0.31f, 0.49f}) {
    Scene scene = EvenlyLit(120, 120, 1000);
    scene.eyes[1] = std::make_shared<Ball>(Eigen::Vector3f(offset, 0, 512), 12.0f);
    scene.meshes.push_back(Quad(-99, -99, 99, 99, 508, Matt({0, 0, 0})));
    const RenderedFrame frame = Renderer().Render(scene);
    // The plane cuts the ball 4 mm in front of its centre.
    const double radius_px = 1000 * std::sqrt(144.0 - 16.0) / 508;
    double area = 0;
    for (int y = 0; y < 120; ++y) {
      for (int x = 0; x < 120; ++x) area += frame.linear.at<cv::Vec3f>(y, x)[2];
    }
    EXPECT_NEAR(area / (kPi * radius_px * radius_px), 1, 0.004) << offset;
    // Without the plane its outline is that of a cone.
    scene.meshes.clear();
    const RenderedFrame free = Renderer().Render(scene);
    area = 0;
    for (int y = 0; y < 120; ++y) {
      for (int x = 0; x < 120; ++x) area += free.linear.at<cv::Vec3f>(y, x)[2];
    }
    const double tangent = 12 / std::sqrt(512.0 * 512 - 144);
    EXPECT_NEAR(area / (kPi * 1e6 * tangent * tangent), 1, 0.004) << offset;
  }
}

TEST(Eyes, ShadowOfTheLidFallsOnTheGlobe) {
  Scene scene = EvenlyLit(120, 120, 1000);
  scene.eyes[0] = std::make_shared<Ball>(Eigen::Vector3f(0, 0, 512), 12.0f);
  // An awning 10 mm above, 30 mm in front; the light comes from above at 45 degrees and more.
  scene.meshes.push_back(Quad(
      {{-60, -14, 480}, {60, -14, 480}, {60, -13.9f, 440}, {-60, -13.9f, 440}}, Matt({0, 0, 0})));
  scene.meshes[0].two_sided = true;
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0, -0.4f, -1).normalized();
  light.casts_shadow = true;
  scene.lighting.lights = {light};
  const RenderedFrame frame = Renderer().Render(scene);
  // (0, 0, 500) sees the light pass y = −14 at z = 465: blocked. (0, 8, 503) at z = 448: blocked.
  // (0, −8, 503) at z = 488: free.
  EXPECT_LT(frame.linear.at<cv::Vec3f>(60, 60)[2], 0.05);
  EXPECT_GT(frame.linear.at<cv::Vec3f>(44, 60)[2], 0.95);
}

// --- Input and memory ---------------------------------------------------------------------------

std::string FailureOf(const Scene& scene) {
  try {
    Renderer().Render(scene);
  } catch (const DataError& error) {
    return error.what();
  }
  return "no failure";
}

TEST(Renderer, MalformedScenesAreRefusedByName) {
  using testing::AllOf;
  using testing::HasSubstr;
  Scene good = EvenlyLit(20, 20, 100);
  good.meshes.push_back(Quad(-9, -9, 9, 9, 100, Matt({1, 1, 1})));
  good.meshes.push_back(Quad(-9, -9, 9, 9, 100, Matt({1, 1, 1})));
  good.strands.push_back(Card(-9, -9, 9, 9, 90, {0, 0, 0}, 1));
  EXPECT_EQ(FailureOf(good), "no failure");

  Scene scene = good;
  auto topology = std::make_shared<MeshTopology>(*good.meshes[1].topology);
  topology->triangles[1][2] = 4;
  scene.meshes[1].topology = topology;
  EXPECT_THAT(FailureOf(scene),
              AllOf(HasSubstr("Mesh 1"), HasSubstr("triangle 1"), HasSubstr("vertex 4")));
  topology->triangles[1][2] = -1;
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 1"), HasSubstr("vertex -1")));

  scene = good;
  scene.meshes[0].normals.resize(3);
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 0"), HasSubstr("3 normals")));
  scene = good;
  scene.meshes[0].occlusion.resize(5);
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 0"), HasSubstr("5 occlusion")));
  scene = good;
  scene.meshes[1].wetness.resize(1);
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 1"), HasSubstr("1 wetness")));
  scene = good;
  scene.meshes[1].topology = nullptr;
  EXPECT_THAT(FailureOf(scene), HasSubstr("Mesh 1 has no topology"));
  scene = good;
  scene.meshes[0].material = nullptr;
  EXPECT_THAT(FailureOf(scene), HasSubstr("Mesh 0 has no material"));
  scene = good;
  scene.meshes[0].positions[2].y() = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 0"), HasSubstr("vertex 2")));
  scene = good;
  topology = std::make_shared<MeshTopology>(*good.meshes[0].topology);
  topology->parts.pop_back();
  scene.meshes[0].topology = topology;
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 0"), HasSubstr("1 parts")));
  topology = std::make_shared<MeshTopology>(*good.meshes[0].topology);
  topology->uv.clear();
  scene.meshes[0].topology = topology;
  const auto textured = Matt({1, 1, 1});
  textured->albedo_texture = std::make_shared<Texture>(cv::Mat(2, 2, CV_32FC1, cv::Scalar(1)));
  scene.meshes[0].material = textured;
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Mesh 0"), HasSubstr("texture coordinates")));
  scene = good;
  scene.strands[0].alpha.resize(7);
  EXPECT_THAT(FailureOf(scene), AllOf(HasSubstr("Strand mesh 0"), HasSubstr("7 alpha")));
  scene = good;
  scene.camera.width_px = 0;
  EXPECT_THAT(FailureOf(scene), HasSubstr("0 × 20 pixels"));
  scene = good;
  scene.camera.focal_px = -1;
  EXPECT_THAT(FailureOf(scene), HasSubstr("focal length"));
}

TEST(Renderer, VerticesThatNoTriangleNamesDoNotMatter) {
  // Meshes may share arrays; what the others draw must not widen the shadow map.
  Scene scene = EvenlyLit(100, 100, 500);
  scene.meshes.push_back(Quad(-60, -60, 60, 60, 700, Matt({1, 1, 1})));
  scene.meshes.push_back(Sphere({0, 0, 600}, 20, 20, Matt({0.5f, 0.5f, 0.5f}), false));
  DirectionalLight light;
  light.direction = Eigen::Vector3f(0.4f, -0.3f, -0.8f).normalized();
  light.casts_shadow = true;
  scene.lighting.lights = {light};
  const RenderedFrame plain = Renderer().Render(scene, Everything());
  Mesh& sphere = scene.meshes[1];
  auto topology = std::make_shared<MeshTopology>(*sphere.topology);
  const std::vector<Eigen::Vector3f> others(7, {900, -800, 300});
  sphere.positions.insert(sphere.positions.begin(), others.begin(), others.end());
  sphere.positions.emplace_back(-2000, 0, 1);
  for (auto& triangle : topology->triangles) {
    for (int& vertex : triangle) vertex += 7;
  }
  sphere.topology = topology;
  const RenderedFrame shared = Renderer().Render(scene, Everything());
  EXPECT_TRUE(SameBytes(plain.linear, shared.linear));
  EXPECT_TRUE(SameBytes(plain.depth_mm, shared.depth_mm));
}

TEST(Renderer, EmptySceneIsTheBackground) {
  Scene scene = EvenlyLit(33, 5, 100);
  scene.background.top = {0, 0.5f, 1};
  scene.background.bottom = {1, 0.5f, 0};
  const RenderedFrame frame = Renderer().Render(scene, Everything());
  EXPECT_EQ(frame.linear.at<cv::Vec3f>(0, 7), cv::Vec3f(0, 0.5f, 1));
  EXPECT_EQ(frame.linear.at<cv::Vec3f>(2, 32), cv::Vec3f(0.5f, 0.5f, 0.5f));
  EXPECT_EQ(frame.linear.at<cv::Vec3f>(4, 0), cv::Vec3f(1, 0.5f, 0));
  EXPECT_EQ(cv::countNonZero(frame.labels), 0);
  EXPECT_EQ(cv::countNonZero(frame.depth_mm), 0);
}

TEST(Renderer, BuffersLeaveNoTraceInTheNextPicture) {
  Scene busy = EvenlyLit(100, 70, 100);
  busy.meshes.push_back(Quad(-20, -20, 30, 20, 100, Matt({1, 1, 1})));
  busy.strands.push_back(Card(-30, -30, 5, 9, 90, {0.2f, 0.1f, 0}, 0.7f));
  busy.eyes[0] = std::make_shared<Ball>(Eigen::Vector3f(0, 0, 90), 12.0f);
  DirectionalLight light;
  light.casts_shadow = true;
  busy.lighting.lights = {light};
  Scene other = EvenlyLit(64, 64, 120);
  other.meshes.push_back(Sphere({0, 0, 200}, 30, 20, Matt({0.5f, 0.5f, 0.5f})));
  const RenderedFrame fresh = Renderer().Render(other, Everything());
  Renderer renderer;
  RenderedFrame frame;
  renderer.Render(busy, Everything(), &frame);
  renderer.Render(other, Everything(), &frame);
  EXPECT_TRUE(SameBytes(frame.linear, fresh.linear));
  EXPECT_TRUE(SameBytes(frame.labels, fresh.labels));
  EXPECT_TRUE(SameBytes(frame.depth_mm, fresh.depth_mm));
  renderer.Render(other, {}, &frame);
  EXPECT_TRUE(frame.labels.empty());
  EXPECT_TRUE(frame.depth_mm.empty());
}

TEST(Renderer, PicturesThatAreKeptStayAsTheyAre) {
  Scene scene = EvenlyLit(40, 40, 100);
  Renderer renderer;
  RenderedFrame frame;
  renderer.Render(scene, {}, &frame);
  const cv::Mat kept = frame.linear;
  scene.background.top = scene.background.bottom = {1, 1, 1};
  renderer.Render(scene, {}, &frame);
  EXPECT_EQ(kept.at<cv::Vec3f>(20, 20)[0], 0);
  EXPECT_EQ(frame.linear.at<cv::Vec3f>(20, 20)[0], 1);
}

}  // namespace
}  // namespace maskbench
