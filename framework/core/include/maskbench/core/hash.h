#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace maskbench {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string Sha256OfBytes(std::string_view bytes);
std::string Sha256OfFile(const std::filesystem::path& file);

/// HMAC-SHA-256 (RFC 2104) as 64 lower-case hexadecimal digits.
std::string HmacSha256(std::string_view key, std::string_view message);

/// PBKDF2-HMAC-SHA-256 (RFC 8018): so many bytes as lower-case hexadecimal digits.
std::string StretchedSha256(std::string_view password, std::string_view salt, int rounds,
                            size_t bytes);

}  // namespace maskbench
