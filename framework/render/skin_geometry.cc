#include "maskbench/render/skin_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <opencv2/imgproc.hpp>

#include "maskbench/head/parametric_head.h"
#include "maskbench/render/skin_chart.h"

namespace maskbench {
namespace {

constexpr double kUnrolledRadiusMm = 100.0;
constexpr double kDegrees = 57.29577951308232;

Eigen::Vector2f FromDegrees(double azimuth_deg, double y_mm) {
  return {static_cast<float>(azimuth_deg / kDegrees * kUnrolledRadiusMm), static_cast<float>(y_mm)};
}

float Smooth(float low, float high, float x) {
  const float t = std::clamp((x - low) / (high - low), 0.0f, 1.0f);
  return t * t * (3.0f - 2.0f * t);
}

float Bump(const Eigen::Vector2f& q, float s, float y, float sigma_s, float sigma_y) {
  const float a = (q.x() - s) / sigma_s, b = (q.y() - y) / sigma_y;
  return std::exp(-0.5f * (a * a + b * b));
}

float DistanceToSegment(const Eigen::Vector2f& q, const Eigen::Vector2f& a,
                        const Eigen::Vector2f& b) {
  const Eigen::Vector2f along = b - a;
  const float length2 = std::max(along.squaredNorm(), 1e-12f);
  const float t = std::clamp((q - a).dot(along) / length2, 0.0f, 1.0f);
  return (q - a - t * along).norm();
}

float DistanceToLine(const Eigen::Vector2f& q, const SkinOutlines::Line& line, bool closed) {
  float distance = std::numeric_limits<float>::max();
  const size_t count = line.size() - (closed ? 0 : 1);
  for (size_t i = 0; i < count; ++i) {
    distance = std::min(distance, DistanceToSegment(q, line[i], line[(i + 1) % line.size()]));
  }
  return distance;
}

bool Inside(const Eigen::Vector2f& q, const SkinOutlines::Line& polygon) {
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const Eigen::Vector2f &a = polygon[i], &b = polygon[j];
    if ((a.y() > q.y()) != (b.y() > q.y()) &&
        q.x() < (b.x() - a.x()) * (q.y() - a.y()) / (b.y() - a.y()) + a.x()) {
      inside = !inside;
    }
  }
  return inside;
}

/// Distance inside a polygon, negative outside. Beyond `reach` of its bounds only −reach is given.
class SignedDistance {
 public:
  SignedDistance(SkinOutlines::Line polygon, float reach)
      : polygon_(std::move(polygon)), reach_(reach) {
    low_ = high_ = polygon_.front();
    for (const Eigen::Vector2f& p : polygon_) {
      low_ = low_.cwiseMin(p);
      high_ = high_.cwiseMax(p);
    }
  }
  float operator()(const Eigen::Vector2f& q) const {
    const float away = (low_ - q).cwiseMax(q - high_).maxCoeff();
    if (away > reach_) return -reach_;
    const float distance = DistanceToLine(q, polygon_, true);
    return Inside(q, polygon_) ? distance : -std::min(distance, reach_);
  }

 private:
  SkinOutlines::Line polygon_;
  float reach_;
  Eigen::Vector2f low_, high_;
};

float HeightAt(const SkinOutlines::Line& line, float s) {
  if (s <= line.front().x()) return line.front().y();
  for (size_t i = 1; i < line.size(); ++i) {
    if (s <= line[i].x()) {
      const float width = std::max(line[i].x() - line[i - 1].x(), 1e-6f);
      const float t = (s - line[i - 1].x()) / width;
      return line[i - 1].y() + t * (line[i].y() - line[i - 1].y());
    }
  }
  return line.back().y();
}

/// Fills texels without data: repeated averaging at ever coarser scale (pull-push).
void FillHoles(cv::Mat* image, const cv::Mat& weight) {
  std::vector<cv::Mat> sums, weights;
  cv::Mat w;
  weight.convertTo(w, CV_32F, 1.0 / 255.0);
  std::vector<cv::Mat> channels;
  cv::split(*image, channels);
  std::vector<cv::Mat> levels_w = {w};
  while (levels_w.back().rows > 1) {
    cv::Mat half;
    cv::resize(levels_w.back(), half, {levels_w.back().cols / 2, levels_w.back().rows / 2}, 0, 0,
               cv::INTER_AREA);
    levels_w.push_back(half);
  }
  for (cv::Mat& channel : channels) {
    std::vector<cv::Mat> levels = {channel.mul(w)};
    for (size_t i = 1; i < levels_w.size(); ++i) {
      cv::Mat half;
      cv::resize(levels.back(), half, levels_w[i].size(), 0, 0, cv::INTER_AREA);
      levels.push_back(half);
    }
    cv::Mat filled = levels.back() / cv::max(levels_w.back(), 1e-6);
    for (size_t i = levels.size() - 1; i-- > 0;) {
      cv::Mat up;
      cv::resize(filled, up, levels[i].size(), 0, 0, cv::INTER_LINEAR);
      // Where a level is covered in part, the coarser estimate fills the rest.
      filled = levels[i] + up.mul(1.0 - cv::min(levels_w[i], 1.0));
      const cv::Mat covered = levels_w[i] > 0.999;
      levels[i].copyTo(filled, covered);
    }
    channel.copyTo(filled, w > 0);
    channel = filled;
  }
  cv::merge(channels, *image);
}

/// Averages a map with its mirror image. `sign` is −1 for a channel that changes sign.
void Symmetrise(cv::Mat* position, cv::Mat* covered) {
  cv::Mat mirrored, mirrored_cover;
  cv::flip(*position, mirrored, 1);
  cv::flip(*covered, mirrored_cover, 1);
  for (int y = 0; y < position->rows; ++y) {
    for (int x = 0; x < position->cols; ++x) {
      cv::Vec3f other = mirrored.at<cv::Vec3f>(y, x);
      other[0] = -other[0];
      const bool here = covered->at<std::uint8_t>(y, x) != 0;
      const bool there = mirrored_cover.at<std::uint8_t>(y, x) != 0;
      cv::Vec3f& value = position->at<cv::Vec3f>(y, x);
      if (here && there) value = 0.5f * (value + other);
      if (!here && there) value = other;
    }
  }
  cv::Mat both;
  cv::bitwise_or(*covered, mirrored_cover, both);
  *covered = both;
}

// Mesh points by Side: the patient's left, then the right in the same order.
using MeshLine = std::array<std::vector<int>, 2>;
const MeshLine kBrowUpper = {{{336, 296, 334, 293, 300}, {107, 66, 105, 63, 70}}};
const MeshLine kBrowLower = {{{285, 295, 282, 283, 276}, {55, 65, 52, 53, 46}}};
const MeshLine kLidUpper = {
    {{362, 398, 384, 385, 386, 387, 388, 466, 263}, {133, 173, 157, 158, 159, 160, 161, 246, 33}}};
const MeshLine kLidLower = {
    {{362, 382, 381, 380, 374, 373, 390, 249, 263}, {133, 155, 154, 153, 145, 144, 163, 7, 33}}};
const MeshLine kLipUpper = {{{0, 267, 269, 270, 409, 291}, {0, 37, 39, 40, 185, 61}}};
const MeshLine kLipLower = {{{17, 314, 405, 321, 375, 291}, {17, 84, 181, 91, 146, 61}}};
const MeshLine kMouthUpper = {{{13, 312, 311, 310, 415, 308}, {13, 82, 81, 80, 191, 78}}};
const MeshLine kMouthLower = {{{14, 317, 402, 318, 324, 308}, {14, 87, 178, 88, 95, 78}}};
const MeshLine kNose = {{{168, 1, 358, 2}, {168, 1, 129, 2}}};
const MeshLine kChin = {{{152}, {152}}};

/// Vertices of the package's base mesh along a line, each with an offset in chart millimetres.
struct BasePoint {
  int vertex;
  float ds = 0, dy = 0;
};
using BaseLine = std::vector<BasePoint>;
// The white roll and the lower border of the red, the upper lip's lower edge.
const BaseLine kBaseLipUpper = {{455},   {7214}, {7210}, {7215}, {7169},
                                {11956}, {7170}, {7173}, {7172}, {7182}};
const BaseLine kBaseLipLower = {{492}, {7241}, {7235}, {7166}, {7165}, {7164}, {7182}};
const BaseLine kBaseMouth = {{474, 0, -0.9f},   {7228, 0, -0.9f}, {7226, 0, -0.9f},
                             {11964, 0, -0.7f}, {7177, 0, -0.5f}, {7182}};
// The edge loop on the brow ridge.
const BaseLine kBaseBrow = {{7001, 3.2f, -5.2f}, {6983, 0.5f, -2.0f}, {6980, 0, -1.2f},
                            {6979, 0, 0.2f},     {6981, 0, 0.8f},     {6982, 0, 0.6f},
                            {6987, 1.5f, 0.8f}};
const BaseLine kBaseNose = {{164, 0, 28.0f}, {5054}, {11673}, {343}};
const BaseLine kBaseChin = {{5225}};

}  // namespace

Eigen::Vector2f ChartMm(const Eigen::Vector3d& mean_mm) {
  return FromDegrees(std::atan2(mean_mm.x(), mean_mm.z() - kSkinChartAxisZMm) * kDegrees,
                     mean_mm.y());
}

Eigen::Vector2f ChartUvOfMm(const Eigen::Vector2f& chart_mm) {
  const double azimuth = chart_mm.x() / kUnrolledRadiusMm;
  return SkinChart({std::sin(azimuth), static_cast<double>(chart_mm.y()),
                    kSkinChartAxisZMm + std::cos(azimuth)});
}

namespace {

void AddFaceMesh(const HeadTopology& topology, SkinSurface* surface) {
  for (const auto& point : topology.mesh468) {
    surface->mesh468.push_back(
        point ? std::optional<Eigen::Vector3d>(Locate(*point, surface->vertices_mm))
              : std::nullopt);
  }
}

/// Lid margins, averaged over both sides where they have the same number of vertices.
void AddLids(const HeadTopology& topology, SkinSurface* surface) {
  const auto line = [&](std::vector<int> LidRings::*ring) {
    std::array<SkinOutlines::Line, 2> lines;
    for (const Side side : kSides) {
      const LidRings& lids = topology.lids[static_cast<size_t>(side)];
      if (lids.medial_canthus < 0 || lids.lateral_canthus < 0) return SkinOutlines::Line();
      std::vector<int> vertices = lids.*ring;
      vertices.insert(vertices.begin(), lids.medial_canthus);
      vertices.push_back(lids.lateral_canthus);
      for (const int vertex : vertices) {
        Eigen::Vector2f q = ChartMm(surface->vertices_mm.col(vertex));
        q.x() = std::abs(q.x());
        lines[static_cast<size_t>(side)].push_back(q);
      }
    }
    if (lines[0].size() == lines[1].size()) {
      for (size_t i = 0; i < lines[0].size(); ++i) lines[0][i] = 0.5f * (lines[0][i] + lines[1][i]);
    }
    return lines[0];
  };
  surface->outlines.lid_upper = line(&LidRings::upper_outer);
  surface->outlines.lid_lower = line(&LidRings::lower_outer);
}

}  // namespace

SkinSurface SkinSurfaceOf(const ParametricHead& head) {
  SkinSurface surface;
  surface.vertices_mm = head.Shape(HeadRecipe{});
  for (size_t f = 0; f < head.Faces().size(); ++f) {
    if (head.FacePatches()[f] != FacePatch::kSkin && head.FacePatches()[f] != FacePatch::kLidMargin)
      continue;
    const std::array<int, 4>& face = head.Faces()[f];
    for (int half = 0; half < 2; ++half) {
      if (half == 1 && face[3] == face[2]) break;
      surface.triangles.push_back({face[0], face[1 + half], face[2 + half]});
      std::array<Eigen::Vector2f, 3> corners;
      for (int k = 0; k < 3; ++k) {
        const Eigen::Vector2f& uv = head.Uvs()[head.FaceUvs()[f][k == 0 ? 0 : k + half]];
        corners[k] = {uv.x(), 1.0f - uv.y()};
      }
      surface.atlas_uv.push_back(corners);
    }
  }
  AddFaceMesh(head.Topology(), &surface);
  AddLids(head.Topology(), &surface);
  const auto line = [&](const BaseLine& points) {
    SkinOutlines::Line found;
    for (const BasePoint& point : points) {
      const int vertex = head.VertexOfBase(point.vertex);
      if (vertex < 0) return SkinOutlines::Line();
      Eigen::Vector2f q = ChartMm(surface.vertices_mm.col(vertex));
      const int mirror = head.Topology().mirror.empty() ? -1 : head.Topology().mirror[vertex];
      if (mirror >= 0) {
        Eigen::Vector2f other = ChartMm(surface.vertices_mm.col(mirror));
        other.x() = -other.x();
        q = 0.5f * (q + other);
      }
      found.push_back(q + Eigen::Vector2f(point.ds, point.dy));
    }
    return found;
  };
  SkinOutlines& o = surface.outlines;
  o.lip_upper = line(kBaseLipUpper);
  o.lip_lower = line(kBaseLipLower);
  o.mouth = line(kBaseMouth);
  o.brow = line(kBaseBrow);
  o.nose = line(kBaseNose);
  o.chin = line(kBaseChin);
  return surface;
}

SkinSurface SkinSurfaceOf(const HeadModel& model) {
  SkinSurface surface;
  surface.vertices_mm = model.Evaluate({}, {});
  const HeadTopology& topology = model.Topology();
  for (size_t f = 0; f < topology.faces.size(); ++f) {
    if (!topology.face_parts.empty() && topology.face_parts[f] != HeadPart::kSkin) continue;
    const std::array<int, 4>& face = topology.faces[f];
    surface.triangles.push_back({face[0], face[1], face[2]});
    if (face[3] != face[2]) surface.triangles.push_back({face[0], face[2], face[3]});
  }
  AddFaceMesh(topology, &surface);
  AddLids(topology, &surface);
  return surface;
}

SkinGeometry::SkinGeometry(const SkinSurface& surface) {
  Rasterise(surface);
  FindOutlines(surface);
  MakeZones();
}

void SkinGeometry::Rasterise(const SkinSurface& surface) {
  position_ = cv::Mat::zeros(kSize, kSize, CV_32FC3);
  covered_ = cv::Mat::zeros(kSize, kSize, CV_8U);
  cv::Mat atlas = cv::Mat::zeros(kSize, kSize, CV_32FC2);
  cv::Mat radius(kSize, kSize, CV_32F, cv::Scalar(-1));
  for (size_t t = 0; t < surface.triangles.size(); ++t) {
    std::array<Eigen::Vector3d, 3> p;
    std::array<Eigen::Vector2f, 3> q;
    for (int k = 0; k < 3; ++k) {
      p[k] = surface.vertices_mm.col(surface.triangles[t][k]);
      q[k] = SkinChart(p[k]) * kSize;
    }
    // A triangle over the seam at the back is drawn on both sides.
    float low = std::min({q[0].x(), q[1].x(), q[2].x()});
    float high = std::max({q[0].x(), q[1].x(), q[2].x()});
    const bool wraps = high - low > 0.5f * kSize;
    if (wraps) {
      for (Eigen::Vector2f& corner : q) {
        if (corner.x() < 0.5f * kSize) corner.x() += kSize;
      }
    }
    for (int copy = 0; copy < (wraps ? 2 : 1); ++copy) {
      if (copy == 1) {
        for (Eigen::Vector2f& corner : q) corner.x() -= kSize;
      }
      low = std::min({q[0].x(), q[1].x(), q[2].x()});
      high = std::max({q[0].x(), q[1].x(), q[2].x()});
      const float top = std::min({q[0].y(), q[1].y(), q[2].y()});
      const float bottom = std::max({q[0].y(), q[1].y(), q[2].y()});
      const float area =
          (q[1] - q[0]).x() * (q[2] - q[0]).y() - (q[1] - q[0]).y() * (q[2] - q[0]).x();
      if (std::abs(area) < 1e-6f) continue;
      for (int y = std::max(0, static_cast<int>(std::floor(top - 0.5f)));
           y <= std::min(kSize - 1, static_cast<int>(std::ceil(bottom))); ++y) {
        for (int x = std::max(0, static_cast<int>(std::floor(low - 0.5f)));
             x <= std::min(kSize - 1, static_cast<int>(std::ceil(high))); ++x) {
          const Eigen::Vector2f c(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
          const auto cross = [](const Eigen::Vector2f& a, const Eigen::Vector2f& b) {
            return a.x() * b.y() - a.y() * b.x();
          };
          const float w0 = cross(q[1] - c, q[2] - c) / area;
          const float w1 = cross(q[2] - c, q[0] - c) / area;
          const float w2 = 1.0f - w0 - w1;
          if (w0 < -1e-4f || w1 < -1e-4f || w2 < -1e-4f) continue;
          const Eigen::Vector3d point = w0 * p[0] + w1 * p[1] + w2 * p[2];
          // Of surfaces behind each other (ears, nostrils, lips) the outermost counts.
          const auto r = static_cast<float>(std::hypot(point.x(), point.z() - kSkinChartAxisZMm));
          if (r <= radius.at<float>(y, x)) continue;
          radius.at<float>(y, x) = r;
          covered_.at<std::uint8_t>(y, x) = 255;
          position_.at<cv::Vec3f>(y, x) =
              cv::Vec3f(static_cast<float>(point.x()), static_cast<float>(point.y()),
                        static_cast<float>(point.z()));
          if (!surface.atlas_uv.empty()) {
            const Eigen::Vector2f uv = w0 * surface.atlas_uv[t][0] + w1 * surface.atlas_uv[t][1] +
                                       w2 * surface.atlas_uv[t][2];
            atlas.at<cv::Vec2f>(y, x) = cv::Vec2f(uv.x(), uv.y());
          }
        }
      }
    }
  }
  cv::Mat covered_before = covered_.clone();
  Symmetrise(&position_, &covered_);
  FillHoles(&position_, covered_);
  if (!surface.atlas_uv.empty()) {
    FillHoles(&atlas, covered_before);
    atlas_ = atlas;
  }
  // Lengths per unit of u and v by central differences; across occlusion edges they would be far
  // too long, so they are kept near those of the cylinder.
  scale_.create(kSize, kSize, CV_32FC2);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const int left = std::max(x - 1, 0), right = std::min(x + 1, kSize - 1);
      const int up = std::max(y - 1, 0), down = std::min(y + 1, kSize - 1);
      const cv::Vec3f du = position_.at<cv::Vec3f>(y, right) - position_.at<cv::Vec3f>(y, left);
      const cv::Vec3f dv = position_.at<cv::Vec3f>(down, x) - position_.at<cv::Vec3f>(up, x);
      const auto along_u = static_cast<float>(cv::norm(du) * kSize / (right - left));
      const auto along_v = static_cast<float>(cv::norm(dv) * kSize / (down - up));
      scale_.at<cv::Vec2f>(y, x) =
          cv::Vec2f(std::clamp(along_u, 60.0f, 1200.0f), std::clamp(along_v, 200.0f, 1600.0f));
    }
  }
  cv::GaussianBlur(scale_, scale_, {}, 2.0);
}

void SkinGeometry::FindOutlines(const SkinSurface& surface) {
  // From the face mesh, averaged over both sides; empty when a point is unknown.
  const auto find = [&](const MeshLine& line) {
    SkinOutlines::Line found(line[0].size(), Eigen::Vector2f::Zero());
    for (size_t i = 0; i < line[0].size(); ++i) {
      for (int side = 0; side < 2; ++side) {
        const auto index = static_cast<size_t>(line[side][i]);
        if (index >= surface.mesh468.size() || !surface.mesh468[index]) return SkinOutlines::Line();
        Eigen::Vector2f q = ChartMm(*surface.mesh468[index]);
        if (side == 1) q.x() = -q.x();
        found[i] += 0.5f * q;
      }
    }
    return found;
  };
  const auto mean = [](SkinOutlines::Line a, const SkinOutlines::Line& b) {
    if (a.size() != b.size()) return SkinOutlines::Line();
    for (size_t i = 0; i < a.size(); ++i) a[i] = 0.5f * (a[i] + b[i]);
    return a;
  };
  const auto first_of = [](const std::array<SkinOutlines::Line, 3>& lines) {
    for (const SkinOutlines::Line& line : lines) {
      if (!line.empty()) return line;
    }
    return lines.back();
  };
  const SkinOutlines& known = surface.outlines;
  SkinOutlines& o = outlines_;
  // Last resort: measured on the mean of the parametric head.
  o.brow = first_of({known.brow,
                     mean(find(kBrowUpper), find(kBrowLower)),
                     {{9.8f, 13.2f},
                      {15.4f, 15},
                      {23.6f, 17.1f},
                      {31.8f, 18.3f},
                      {40.3f, 17.7f},
                      {48.5f, 15.2f},
                      {55.7f, 11.8f}}});
  o.lid_upper = first_of({known.lid_upper,
                          find(kLidUpper),
                          {{16, -2.5f},
                           {19.5f, 0.5f},
                           {22, 2.5f},
                           {25.5f, 4.1f},
                           {28.9f, 4.8f},
                           {32.6f, 4.7f},
                           {36.2f, 3.6f},
                           {39.5f, 2},
                           {44, -0.5f}}});
  o.lid_lower = first_of({known.lid_lower,
                          find(kLidLower),
                          {{16, -2.5f},
                           {19.5f, -4.4f},
                           {22.6f, -5.2f},
                           {25.6f, -5.5f},
                           {29, -5.8f},
                           {33, -5.7f},
                           {37, -4.8f},
                           {40, -3.4f},
                           {44, -0.5f}}});
  o.lip_upper = first_of({known.lip_upper,
                          find(kLipUpper),
                          {{0, -59.5f},
                           {4.4f, -58.6f},
                           {9.7f, -59.6f},
                           {15.4f, -62.3f},
                           {20.3f, -67},
                           {23.5f, -70.2f}}});
  o.lip_lower = first_of({known.lip_lower,
                          find(kLipLower),
                          {{0, -81.4f},
                           {5.8f, -81.1f},
                           {12, -79.6f},
                           {16.8f, -77.5f},
                           {20.5f, -74.6f},
                           {23.5f, -70.2f}}});
  o.mouth =
      first_of({known.mouth,
                mean(find(kMouthUpper), find(kMouthLower)),
                {{0, -69}, {5, -69}, {9.8f, -69}, {14.5f, -69}, {18, -69.2f}, {23.5f, -70.2f}}});
  o.nose = first_of({known.nose, find(kNose), {{0, 6}, {0, -36.6f}, {17.4f, -38.8f}, {0, -49.5f}}});
  o.chin = first_of({known.chin, find(kChin), {{0, -109.4f}}});
  // The face mesh ends before hairline and neck; these lines were drawn on the parametric mean
  // head.
  constexpr std::array<std::pair<double, double>, 25> kHairline = {
      {{0, 76},    {12, 77},   {22, 76},   {30, 71},  {35, 60},  {40, 48},   {46, 37},
       {52, 29},   {57, 19},   {60, 5},    {62, -10}, {63, -25}, {68, -27},  {69.5, -10},
       {72, 2},    {78, 8},    {88, 9},    {96, 5},   {101, -6}, {104, -23}, {108, -44},
       {116, -58}, {135, -64}, {160, -68}, {180, -70}}};
  for (const auto& [azimuth, y] : kHairline) o.hairline.push_back(FromDegrees(azimuth, y));
  constexpr std::array<std::pair<double, double>, 17> kBeard = {{{0, -50},
                                                                 {5, -49.5},
                                                                 {9, -51},
                                                                 {13, -57},
                                                                 {17, -65},
                                                                 {24, -64},
                                                                 {34, -58},
                                                                 {46, -47},
                                                                 {56, -34},
                                                                 {62, -20},
                                                                 {70, -20},
                                                                 {73, -45},
                                                                 {77, -64},
                                                                 {70, -98},
                                                                 {58, -120},
                                                                 {30, -128},
                                                                 {0, -130}}};
  for (const auto& [azimuth, y] : kBeard) o.beard.push_back(FromDegrees(azimuth, y));
}

void SkinGeometry::MakeZones() {
  Zones& z = zones_;
  for (cv::Mat* map :
       {&z.lip, &z.upper_lip, &z.opening, &z.upper_lid, &z.brow, &z.nose, &z.cheek, &z.forehead,
        &z.chin, &z.ear, &z.neck, &z.scalp, &z.beard, &z.moustache, &z.crown}) {
    map->create(kSize, kSize, CV_32F);
  }
  const SkinOutlines& o = outlines_;
  // Polygons of the left half reach a little over the midline so that it is no border.
  const auto ring = [](const SkinOutlines::Line& forth, const SkinOutlines::Line& back) {
    SkinOutlines::Line polygon = forth;
    for (size_t i = back.size(); i-- > 0;) {
      if ((back[i] - polygon.back()).norm() > 1e-4f) polygon.push_back(back[i]);
    }
    if ((polygon.front() - polygon.back()).norm() < 1e-4f) polygon.pop_back();
    return polygon;
  };
  const auto across = [](SkinOutlines::Line line) {
    SkinOutlines::Line whole;
    for (size_t i = line.size(); i-- > 1;) whole.emplace_back(-line[i].x(), line[i].y());
    whole.insert(whole.end(), line.begin(), line.end());
    return whole;
  };
  const SignedDistance lip(ring(across(o.lip_upper), across(o.lip_lower)), 30.0f);
  const SignedDistance opening(ring(o.lid_upper, o.lid_lower), 40.0f);
  const Eigen::Vector2f nasion = o.nose[0], tip = o.nose[1], wing = o.nose[2], base = o.nose[3];
  SkinOutlines::Line beard_polygon = o.beard;
  beard_polygon.insert(beard_polygon.begin(), {-8.0f, o.beard.front().y()});
  beard_polygon.emplace_back(-8.0f, o.beard.back().y());
  const SignedDistance beard(beard_polygon, 20.0f);
  SkinOutlines::Line scalp_polygon = o.hairline;
  scalp_polygon.emplace_back(400.0f, o.hairline.back().y());
  scalp_polygon.emplace_back(400.0f, 300.0f);
  scalp_polygon.emplace_back(-100.0f, 300.0f);
  scalp_polygon.emplace_back(-100.0f, o.hairline.front().y());
  const SignedDistance scalp(scalp_polygon, 120.0f);
  const Eigen::Vector2f medial = o.lid_upper.front(), lateral = o.lid_upper.back();
  const float corner = o.lip_upper.back().x();
  const float mouth_y = o.lip_upper.back().y();

  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      const cv::Vec3f& p = position_.at<cv::Vec3f>(y, x);
      const double azimuth = SkinChartAzimuthDeg((x + 0.5) / kSize);
      Eigen::Vector2f q = FromDegrees(std::abs(azimuth), SkinChartHeightMm((y + 0.5) / kSize));
      z.lip.at<float>(y, x) = lip(q);
      z.upper_lip.at<float>(y, x) = Smooth(-0.5f, 0.5f, q.y() - HeightAt(o.mouth, q.x()));
      z.opening.at<float>(y, x) = opening(q);
      const float t = std::clamp((q.x() - medial.x()) / (lateral.x() - medial.x()), 0.0f, 1.0f);
      const float level = medial.y() + t * (lateral.y() - medial.y());
      z.upper_lid.at<float>(y, x) = Smooth(-1.5f, 1.5f, q.y() - level);
      z.brow.at<float>(y, x) =
          Smooth(o.brow_half_mm + 3.0f, o.brow_half_mm - 2.0f, DistanceToLine(q, o.brow, false));
      const float nose_side = Smooth(1.2f * wing.x(), 0.75f * wing.x(), q.x());
      const float bridge = Smooth(0.95f * wing.x(), 0.4f * wing.x(), q.x());
      const float low = Smooth(base.y() - 1.0f, base.y() + 4.0f, q.y());
      const float high = Smooth(nasion.y() + 4.0f, nasion.y() - 12.0f, q.y());
      const float lower_half = Smooth(tip.y() + 26.0f, tip.y() + 6.0f, q.y());
      z.nose.at<float>(y, x) = low * high * std::max(nose_side * lower_half, bridge);
      z.cheek.at<float>(y, x) =
          Bump(q, 42.0f, 0.5f * (tip.y() + lateral.y()) - 12.0f, 15.0f, 14.0f) *
          (1.0f - z.nose.at<float>(y, x));
      z.forehead.at<float>(y, x) =
          Smooth(18.0f, 34.0f, q.y()) * Smooth(80.0f, 55.0f, q.x()) * Smooth(95.0f, 70.0f, q.y());
      z.chin.at<float>(y, x) = Bump(q, 0.0f, o.chin[0].y() + 14.0f, 14.0f, 10.0f);
      // The pinna stands off the cylinder of the head.
      const float away = std::hypot(p[0], p[2] - static_cast<float>(kSkinChartAxisZMm));
      z.ear.at<float>(y, x) = Smooth(118.0f, 124.0f, q.x()) * Smooth(172.0f, 164.0f, q.x()) *
                              Smooth(-52.0f, -46.0f, q.y()) * Smooth(10.0f, 4.0f, q.y()) *
                              Smooth(70.0f, 75.0f, away);
      z.neck.at<float>(y, x) = Smooth(-98.0f, -116.0f, q.y() + 0.12f * q.x());
      z.scalp.at<float>(y, x) = scalp(q);
      const float lips = Smooth(1.5f, -1.5f, z.lip.at<float>(y, x));
      const float inside = beard(q);
      const float is_moustache = Smooth(corner + 7.0f, corner + 1.0f, q.x()) *
                                 Smooth(mouth_y - 6.0f, mouth_y - 1.0f, q.y());
      const float edge =
          Smooth(-2.0f, 7.0f, inside) * Smooth(-128.0f, -108.0f, q.y() + 0.10f * q.x());
      // Thin beside the tuft below the lower lip.
      const float gap = 1.0f - 0.6f * Bump(q, 13.0f, o.lip_lower.front().y() - 3.0f, 4.5f, 5.0f);
      z.beard.at<float>(y, x) = edge * lips * gap * (1.0f - is_moustache);
      z.moustache.at<float>(y, x) = Smooth(-1.0f, 3.0f, inside) * lips * is_moustache *
                                    (1.0f - 0.4f * Bump(q, 0.0f, base.y() - 4.0f, 2.0f, 5.0f));
      z.crown.at<float>(y, x) =
          Smooth(70.0f, 100.0f, p[1]) * Smooth(55.0f, 20.0f, std::hypot(p[0], p[2] + 75.0f));
    }
  }
}

}  // namespace maskbench
