// Checksums that migration tools store of their files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgadvise {

std::string sha1_hex(std::string_view text);
std::string sha256_hex(std::string_view text);
std::string sha384_hex(std::string_view text);
std::uint32_t crc32(
    std::string_view text,
    std::uint32_t before = 0);  // as in zlib: crc32(b, crc32(a)) is the checksum of a followed by b

}  // namespace pgadvise
