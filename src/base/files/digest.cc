#include "base/files/digest.h"

#include <array>
#include <bit>

namespace pgadvise {
namespace {

using Word = std::uint32_t;

// The padding and the blocks of the SHA family: sixteen words a block, the length of the text in its last
// two.
template <class Unit, std::size_t N, class Compress>
std::string digest(std::string_view text, std::array<Unit, N> state, Compress compress) {
  constexpr std::size_t size = sizeof(Unit);
  constexpr std::size_t bytes = 16 * size;
  std::string tail(text.substr(text.size() / bytes * bytes));
  tail += '\x80';
  while (tail.size() % bytes != bytes - 2 * size) tail += '\0';
  tail.append(2 * size - 8, '\0');
  for (int shift = 56; shift >= 0; shift -= 8)
    tail += static_cast<char>(std::uint64_t{text.size()} * 8 >> shift);
  const auto blocks = [&](std::string_view data) {
    for (std::size_t at = 0; at + bytes <= data.size(); at += bytes) {
      std::array<Unit, 16> block{};
      for (std::size_t i = 0; i < bytes; ++i)
        block[i / size] = block[i / size] << 8 | static_cast<unsigned char>(data[at + i]);
      compress(state, block);
    }
  };
  blocks(text.substr(0, text.size() / bytes * bytes));
  blocks(tail);
  std::string out;
  for (const Unit word : state)
    for (int shift = 8 * static_cast<int>(size) - 4; shift >= 0; shift -= 4)
      out += "0123456789abcdef"[word >> shift & 15];
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

// The first 64 fractional bits of the cube roots of the first 80 primes; SHA-256 takes 32 bits of the
// first 64.
constexpr std::array<std::uint64_t, 80> cube_roots = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

template <class Unit>
void sha2_block(std::array<Unit, 8>& state, const std::array<Unit, 16>& block) {
  constexpr bool wide = sizeof(Unit) == 8;
  constexpr std::size_t rounds = wide ? 80 : 64;
  const auto turned = [](Unit value, int narrow_by, int wide_by) {
    return std::rotr(value, wide ? wide_by : narrow_by);
  };
  std::array<Unit, rounds> w{};
  for (std::size_t i = 0; i < rounds; ++i) {
    if (i < 16) {
      w[i] = block[i];
      continue;
    }
    const Unit a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (turned(a, 7, 1) ^ turned(a, 18, 8) ^ a >> (wide ? 7 : 3)) + w[i - 7] +
           (turned(b, 17, 19) ^ turned(b, 19, 61) ^ b >> (wide ? 6 : 10));
  }
  std::array<Unit, 8> v = state;
  for (std::size_t i = 0; i < rounds; ++i) {
    const Unit s1 = turned(v[4], 6, 14) ^ turned(v[4], 11, 18) ^ turned(v[4], 25, 41);
    const Unit one = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) +
                     static_cast<Unit>(cube_roots[i] >> (wide ? 0 : 32)) + w[i];
    const Unit s0 = turned(v[0], 2, 28) ^ turned(v[0], 13, 34) ^ turned(v[0], 22, 39);
    const Unit two = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    v = {one + two, v[0], v[1], v[2], v[3] + one, v[4], v[5], v[6]};
  }
  for (std::size_t i = 0; i < 8; ++i) state[i] += v[i];
}

}  // namespace

std::string sha1_hex(std::string_view text) {
  return digest<Word, 5>(text, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, sha1_block);
}

std::string sha256_hex(std::string_view text) {
  return digest<Word, 8>(
      text, {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19},
      sha2_block<Word>);
}

std::string sha384_hex(std::string_view text) {
  return digest<std::uint64_t, 8>(
             text,
             {0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
              0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4},
             sha2_block<std::uint64_t>)
      .substr(0, 96);
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
