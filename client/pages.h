// Listings that come in pages.
#ifndef FWAGENT_CLIENT_PAGES_H_
#define FWAGENT_CLIENT_PAGES_H_

#include "client/commands.h"

namespace fwagent::client {

// Asks for one page after the other and hands each to `render`; `page` is the
// last one in the end.
template <typename Stub, typename Request, typename Response, typename Render>
Outcome ReadPages(const CommandContext& context,
                  Agent::MethodOf<Stub, Request, Response> method,
                  Request request, Response& page, const Render& render) {
  while (true) {
    if (Outcome failure = context.agent.Read(method, request, &page)) {
      return failure;
    }
    render(page);
    if (Outcome failure = CheckOutput(context.out)) return failure;
    if (page.next_page_token().empty()) return std::nullopt;
    if (page.next_page_token() == request.page_token()) {
      return CheckFailure("LISTING_STUCK",
                          "the agent sent the same page twice");
    }
    request.set_page_token(page.next_page_token());
  }
}

}  // namespace fwagent::client

#endif  // FWAGENT_CLIENT_PAGES_H_
