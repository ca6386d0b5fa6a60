#include "base/digest.h"

#include <array>
#include <bit>

namespace pgadvise {
namespace {

using Word = std::uint32_t;

// The padding and the blocks of SHA-1 and SHA-256 are the same.
template <std::size_t N, class Compress>
std::string digest(std::string_view text, std::array<Word, N> state, Compress compress) {
  std::string tail(text.substr(text.size() / 64 * 64));
  tail += '\x80';
  while (tail.size() % 64 != 56) tail += '\0';
  for (int shift = 56; shift >= 0; shift -= 8)
    tail += static_cast<char>(std::uint64_t{text.size()} * 8 >> shift);
  const auto blocks = [&](std::string_view data) {
    for (std::size_t at = 0; at + 64 <= data.size(); at += 64) {
      std::array<Word, 16> block{};
      for (std::size_t i = 0; i < 64; ++i)
        block[i / 4] = block[i / 4] << 8 | static_cast<unsigned char>(data[at + i]);
      compress(state, block);
    }
  };
  blocks(text.substr(0, text.size() / 64 * 64));
  blocks(tail);
  std::string out;
  for (const Word word : state)
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[word >> shift & 15];
  return out;
}

void sha1_block(std::array<Word, 5>& state, const std::array<Word, 16>& block) {
  std::array<Word, 80> w{};
  for (std::size_t i = 0; i < 80; ++i)
    w[i] = i < 16 ? block[i] : std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const Word f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
    const Word k = i < 20 ? 0x5a827999 : i < 40 ? 0x6ed9eba1 : i < 60 ? 0x8f1bbcdc : 0xca62c1d6;
    const Word next = std::rotl(a, 5) + f + e + k + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  const std::array<Word, 5> added = {a, b, c, d, e};
  for (std::size_t i = 0; i < 5; ++i) state[i] += added[i];
}

void sha256_block(std::array<Word, 8>& state, const std::array<Word, 16>& block) {
  static constexpr std::array<Word, 64> k = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  std::array<Word, 64> w{};
  for (std::size_t i = 0; i < 64; ++i) {
    if (i < 16) {
      w[i] = block[i];
      continue;
    }
    const Word s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
    const Word s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  std::array<Word, 8> v = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const Word s1 = std::rotr(v[4], 6) ^ std::rotr(v[4], 11) ^ std::rotr(v[4], 25);
    const Word one = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
    const Word s0 = std::rotr(v[0], 2) ^ std::rotr(v[0], 13) ^ std::rotr(v[0], 22);
    const Word two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
  }
  for (std::size_t i = 0; i < 8; ++i) state[i] += v[i];
}

}  // namespace

std::string sha1_hex(std::string_view text) {
  return digest<5>(text, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, sha1_block);
}

std::string sha256_hex(std::string_view text) {
  return digest<8>(
      text, {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
      sha256_block);
}

std::uint32_t crc32(std::string_view text, std::uint32_t before) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      out[i] = i;
      for (int bit = 0; bit < 8; ++bit) out[i] = out[i] & 1 ? out[i] >> 1 ^ 0xedb88320 : out[i] >> 1;
    }
    return out;
  }();
  std::uint32_t crc = ~before;
  for (const char c : text) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xff] ^ crc >> 8;
  return ~crc;
}

}  // namespace pgadvise
