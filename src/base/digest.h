// Checksums that migration tools keep of their files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgadvise {

std::string sha1_hex(std::string_view text);
std::string sha256_hex(std::string_view text);
std::uint32_t crc32(std::string_view text,
                    std::uint32_t before = 0);  // zlib's: crc32(b, crc32(a)) is that of a and b

}  // namespace pgadvise
