// Lines out of syslog's and the hosting providers' envelopes.
#include "base/text/text.h"
#include "log/formats/envelope.h"
#include "support.h"

namespace pgadvise::fuzz {

void log_envelope(std::string_view input) {
  using log::Envelope;
  for (const auto line : split(input, '\n'))
    for (const auto envelope : {Envelope::syslog, Envelope::cloudwatch, Envelope::logplex,
                                Envelope::cloud_sql, Envelope::azure, Envelope::cloudnativepg, Envelope::cri})
      for (const bool stamped : {false, true}) {
        std::string out, again = "what was there before";
        log::Piece piece, other;
        const bool unwrapped = log::unwrap(envelope, line, stamped, out, piece);
        require(log::unwrap(envelope, line, stamped, again, other) == unwrapped,
                "the same line gives the same answer");
        if (unwrapped) require(out == again, "what was there before is gone");
        if (unwrapped)
          require(piece.front <= out.size() && piece.number >= 0,
                  "what stands before the server's line is in it");
        require(out.size() <= 4 * line.size() + 100, "little is added");
      }
}

}  // namespace pgadvise::fuzz
