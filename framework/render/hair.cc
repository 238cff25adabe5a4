#include "maskbench/render/hair.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "maskbench/core/error.h"
#include "maskbench/core/files.h"
#include "maskbench/render/texture.h"

#include "chart_canvas.h"

namespace maskbench {
namespace {

constexpr char kMagic[] = "MBHAIR1\n";
constexpr size_t kMagicSize = 8;

/// Appends plain values to bytes.
class ByteWriter {
 public:
  template <class T>
  void Put(const T* values, size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(values), count * sizeof(T));
  }
  void PutCount(size_t count) {
    const auto value = static_cast<std::uint32_t>(count);
    Put(&value, 1);
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes plain values from bytes. Throws DataError where they end early.
class ByteReader {
 public:
  ByteReader(const std::string& bytes, const std::string& origin)
      : bytes_(bytes), origin_(origin) {}
  template <class T>
  void Get(T* values, size_t count) {
    if (count > (bytes_.size() - place_) / sizeof(T)) {
      throw DataError(fmt::format("{} ends early: it has {} bytes.", origin_, bytes_.size()));
    }
    std::memcpy(values, bytes_.data() + place_, count * sizeof(T));
    place_ += count * sizeof(T);
  }
  size_t GetCount(const char* what, size_t most) {
    std::uint32_t count = 0;
    Get(&count, 1);
    if (count > most) {
      throw DataError(
          fmt::format("{} claims {} {}; at most {} are possible.", origin_, count, what, most));
    }
    return count;
  }
  bool at_end() const { return place_ == bytes_.size(); }

 private:
  const std::string& bytes_;
  const std::string& origin_;
  size_t place_ = 0;
};

template <int N>
std::vector<float> Flat(const std::vector<Eigen::Matrix<float, N, 1>>& points) {
  std::vector<float> flat;
  flat.reserve(points.size() * N);
  for (const auto& point : points) flat.insert(flat.end(), point.data(), point.data() + N);
  return flat;
}

template <int N>
void GetPoints(ByteReader* reader, size_t count, const std::string& origin,
               std::vector<Eigen::Matrix<float, N, 1>>* points) {
  std::vector<float> flat(count * N);
  reader->Get(flat.data(), flat.size());
  points->resize(count);
  for (size_t i = 0; i < count; ++i) {
    for (int k = 0; k < N; ++k) (*points)[i][k] = flat[i * N + static_cast<size_t>(k)];
    if (!(*points)[i].allFinite()) {
      throw DataError(fmt::format("{} holds a coordinate that is not a number.", origin));
    }
  }
}

/// Colour and opacity of a style's picture in the colours of a person.
cv::Mat ColouredPicture(const cv::Mat& picture, const HairRecipe& recipe) {
  const Eigen::Vector3f pigmented = PigmentedHairAlbedo(recipe.colour), white = WhiteHairAlbedo();
  // White hairs lie in the shade of the others and let light through: few of them hardly show.
  const auto grey = static_cast<float>(std::pow(recipe.colour.grey, 1.7));
  const auto variation = static_cast<float>(recipe.variation);
  const auto thinning = static_cast<float>(recipe.thinning);
  cv::Mat coloured(picture.size(), CV_32FC4);
  for (int y = 0; y < picture.rows; ++y) {
    const cv::Vec3b* from = picture.ptr<cv::Vec3b>(y);
    cv::Vec4f* to = coloured.ptr<cv::Vec4f>(y);
    for (int x = 0; x < picture.cols; ++x) {
      const float brightness = static_cast<float>(from[x][0]) / 100.0f;
      const float hair = static_cast<float>(from[x][2]) / 255.0f;
      const float tone = brightness * std::exp(0.7f * variation * (hair - 0.5f));
      // A texel holds several hairs, here more of them white, there fewer; which they are has
      // nothing to do with how bright the others are.
      const float lot = hair * 5.3f - std::floor(hair * 5.3f);
      const float is_white =
          std::clamp(grey + 1.6f * grey * (1.0f - grey) * (lot - 0.5f), 0.0f, 1.0f);
      const Eigen::Vector3f colour = tone * ((1.0f - is_white) * pigmented + is_white * white);
      const float opacity = static_cast<float>(from[x][1]) / 255.0f;
      // Thin hair lets the skin through between its strands first.
      const float alpha =
          opacity * (1.0f - thinning * (0.35f + 0.65f * SmoothStep(0.3f, 0.7f, hair)));
      to[x] = cv::Vec4f(colour.x(), colour.y(), colour.z(), alpha);
    }
  }
  return coloured;
}

}  // namespace

const OptionTable<HairRecipe>& HairRecipe::Options() {
  static const OptionTable<HairRecipe> table = [] {
    OptionTable<HairRecipe> t;
    t.Add("colour", &HairRecipe::colour, "Colour of the hairs.");
    t.Add("variation", &HairRecipe::variation, "Differences between strands.", {Range(0, 2)});
    t.Add("gloss", &HairRecipe::gloss, "Strength of the highlights.", {Range(0, 3)});
    t.Add("thinning", &HairRecipe::thinning, "How much is seen through the hair.", {Range(0, 1)});
    t.Add("cut_mm", &HairRecipe::cut_mm,
          "Height in the head frame below which hair is cut off, mm; -1000 leaves it long.",
          {Range(-1000, 60)});
    t.Add("mirrored", &HairRecipe::mirrored, "Parting on the other side.");
    return t;
  }();
  return table;
}

std::string HairStyle::Serialise() const {
  ByteWriter writer;
  writer.Put(kMagic, kMagicSize);
  writer.PutCount(name.size());
  writer.Put(name.data(), name.size());
  writer.PutCount(static_cast<size_t>(head_vertex_count));
  writer.PutCount(positions.size());
  writer.PutCount(triangles.size());
  const auto put_points = [&writer](const auto& points) {
    const std::vector<float> flat = Flat(points);
    writer.Put(flat.data(), flat.size());
  };
  put_points(positions);
  put_points(uv);
  put_points(normals);
  put_points(tangents);
  put_points(bound_mean);
  writer.Put(occlusion.data(), occlusion.size());
  writer.Put(bound_to.data(), bound_to.size());
  writer.Put(weights.data(), weights.size());
  for (const std::array<int, 3>& triangle : triangles) {
    for (const int vertex : triangle) {
      const auto index = static_cast<std::uint16_t>(vertex);
      writer.Put(&index, 1);
    }
  }
  std::vector<std::uint8_t> png;
  cv::imencode(".png", picture, png, {cv::IMWRITE_PNG_COMPRESSION, 9});
  writer.PutCount(png.size());
  writer.Put(png.data(), png.size());
  return writer.Take();
}

std::shared_ptr<const HairStyle> HairStyle::Parse(const std::string& bytes,
                                                  const std::string& origin) {
  if (bytes.compare(0, kMagicSize, kMagic) != 0) {
    throw DataError(fmt::format("{} is not a hair style.", origin));
  }
  auto style = std::make_shared<HairStyle>();
  ByteReader reader(bytes, origin);
  std::array<char, kMagicSize> magic;
  reader.Get(magic.data(), magic.size());
  style->name.resize(reader.GetCount("letters in its name", 100));
  reader.Get(style->name.data(), style->name.size());
  constexpr size_t kMost = 65535;  // Indices have 16 bits.
  style->head_vertex_count = static_cast<int>(reader.GetCount("vertices of the head", kMost));
  const size_t vertices = reader.GetCount("vertices", kMost);
  const size_t triangle_count = reader.GetCount("triangles", 1u << 20);
  GetPoints(&reader, vertices, origin, &style->positions);
  GetPoints(&reader, vertices, origin, &style->uv);
  GetPoints(&reader, vertices, origin, &style->normals);
  GetPoints(&reader, vertices, origin, &style->tangents);
  GetPoints(&reader, vertices, origin, &style->bound_mean);
  style->occlusion.resize(vertices);
  reader.Get(style->occlusion.data(), vertices);
  style->bound_to.resize(vertices);
  reader.Get(style->bound_to.data(), vertices);
  style->weights.resize(vertices);
  reader.Get(style->weights.data(), vertices);
  std::vector<std::uint16_t> indices(3 * triangle_count);
  reader.Get(indices.data(), indices.size());
  for (size_t t = 0; t < triangle_count; ++t) {
    style->triangles.push_back({indices[3 * t], indices[3 * t + 1], indices[3 * t + 2]});
  }
  const size_t png_size = reader.GetCount("bytes of a picture", bytes.size());
  std::vector<std::uint8_t> png(png_size);
  reader.Get(png.data(), png_size);
  if (!reader.at_end()) throw DataError(fmt::format("{} has bytes after its end.", origin));
  for (const std::uint16_t index : indices) {
    if (index >= vertices) {
      throw DataError(
          fmt::format("{} has a triangle of vertex {}, but {} vertices.", origin, index, vertices));
    }
  }
  for (const auto& bound : style->bound_to) {
    for (const std::uint16_t vertex : bound) {
      if (vertex >= style->head_vertex_count) {
        throw DataError(fmt::format("{} is bound to vertex {} of a head of {} vertices.", origin,
                                    vertex, style->head_vertex_count));
      }
    }
  }
  for (size_t i = 0; i < vertices; ++i) {
    float sum = style->occlusion[i] * 0.0f;
    for (const float weight : style->weights[i]) sum += weight;
    if (!(std::abs(sum - 1.0f) < 1e-3f)) {
      throw DataError(fmt::format("{} has binding weights that do not sum to 1.", origin));
    }
  }
  if (!png.empty()) style->picture = cv::imdecode(png, cv::IMREAD_COLOR);
  if (style->picture.empty()) {
    throw DataError(fmt::format("{} holds a picture that cannot be decoded.", origin));
  }
  return style;
}

std::shared_ptr<const HairStyle> HairStyle::Load(const std::filesystem::path& file) {
  return Parse(ReadFile(file), file.string());
}

std::filesystem::path HairFile(const std::filesystem::path& models_dir, const std::string& style) {
  return models_dir / "head" / ("hair_" + style + ".mbhair");
}

std::vector<std::string> HairStyles(const std::filesystem::path& models_dir) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(models_dir / "head", error)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() == ".mbhair" && stem.rfind("hair_", 0) == 0) {
      names.push_back(stem.substr(5));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

Hair::Hair(std::shared_ptr<const HairStyle> style, const HairRecipe& recipe,
           const std::vector<int>& mirror)
    : style_(std::move(style)),
      bound_to_(style_->bound_to),
      mirrored_(recipe.mirrored),
      gloss_(static_cast<float>(recipe.gloss)) {
  auto topology = std::make_shared<MeshTopology>();
  topology->triangles = style_->triangles;
  topology->uv = style_->uv;
  if (mirrored_) {
    if (mirror.size() != static_cast<size_t>(style_->head_vertex_count)) {
      throw UsageError("Mirrored hair needs the head's mirror map.");
    }
    for (auto& bound : bound_to_) {
      for (std::uint16_t& vertex : bound) {
        if (mirror[vertex] >= 0) vertex = static_cast<std::uint16_t>(mirror[vertex]);
      }
    }
    for (std::array<int, 3>& triangle : topology->triangles) std::swap(triangle[1], triangle[2]);
  }
  topology->parts.assign(topology->triangles.size(), Part::kHair);
  topology_ = topology;
  texture_ = std::make_shared<Texture>(ColouredPicture(style_->picture, recipe));
  const auto cut = static_cast<float>(recipe.cut_mm);
  if (cut > -999.0f) {
    for (const Eigen::Vector3f& p : style_->positions) {
      // Not along a ruler: strands end a little above or below each other.
      const float ragged = 3.0f * std::sin(0.9f * p.x() + 0.4f * p.z());
      alpha_.push_back(SmoothStep(cut - 4.0f, cut + 6.0f, p.y() + ragged));
    }
  }
}

StrandMesh Hair::Mesh(const Eigen::Matrix3Xd& head_vertices_mm, const Pose& head) const {
  if (head_vertices_mm.cols() != style_->head_vertex_count) {
    throw DataError(fmt::format("Hair {} was made for a head of {} vertices, not {}.", style_->name,
                                style_->head_vertex_count, head_vertices_mm.cols()));
  }
  StrandMesh mesh;
  mesh.topology = topology_;
  mesh.texture = texture_;
  mesh.albedo = Eigen::Vector3f::Ones();
  mesh.specular = 0.3f * gloss_;
  mesh.alpha = alpha_;
  mesh.occlusion = style_->occlusion;
  const size_t count = style_->positions.size();
  mesh.positions.resize(count);
  mesh.normals.resize(count);
  mesh.tangents.resize(count);
  const Eigen::Matrix3Xf vertices = head_vertices_mm.cast<float>();
  const Eigen::Matrix3f rotation = head.rotation.cast<float>();
  const Eigen::Vector3f translation = head.translation_mm.cast<float>();
  for (size_t i = 0; i < count; ++i) {
    Eigen::Vector3f moved = Eigen::Vector3f::Zero();
    for (int k = 0; k < HairStyle::kBindings; ++k) {
      moved += style_->weights[i][k] * vertices.col(bound_to_[i][k]);
    }
    Eigen::Vector3f rest = style_->positions[i] - style_->bound_mean[i];
    Eigen::Vector3f normal = style_->normals[i], tangent = style_->tangents[i];
    if (mirrored_) {
      for (Eigen::Vector3f* v : {&rest, &normal, &tangent}) v->x() = -v->x();
    }
    mesh.positions[i] = rotation * (rest + moved) + translation;
    mesh.normals[i] = rotation * normal;
    mesh.tangents[i] = rotation * tangent;
  }
  return mesh;
}

StrandMesh HairMesh(const std::shared_ptr<const HairStyle>& style,
                    const Eigen::Matrix3Xd& head_vertices_mm, const HairRecipe& recipe) {
  Pose head;
  head.rotation.setIdentity();
  head.translation_mm.setZero();
  return Hair(style, recipe).Mesh(head_vertices_mm, head);
}

}  // namespace maskbench
