import type { ComponentType } from "react";

export type Group =
  | "overview"
  | "orders"
  | "fulfilment"
  | "decisions"
  | "contract"
  | "connect"
  | "money"
  | "data"
  | "agent"
  | "settings";

/** One page of the console. */
export interface Page {
  /** Its address, as react-router writes it. */
  path: string;
  group: Group;
  /** Key of its name in words/<locale>/nav.json: the same string in menu, h1 and browser tab. */
  title: string;
  /** The right that opens it; "" opens it to everyone who is signed in. */
  right: string;
  /** Its folder, loaded when it is first opened; the default export is the page. */
  load: () => Promise<{ default: ComponentType }>;
  /** `work` folds the column away, `bare` has no frame (no session is asked for). */
  chrome?: "list" | "work" | "bare";
  /** False keeps it out of the menu, true puts a bare page in; pages with `:id` are out anyway. */
  menu?: boolean;
}

/** Every page, in the order of the menu. One line a page; the folder must exist. */
export const PAGES: readonly Page[] = [
  { path: "/", group: "overview", title: "overview", right: "board.read", load: () => import("./pages/overview") },
  { path: "/wall", group: "overview", title: "wall", right: "board.read", load: () => import("./pages/wall"), chrome: "bare", menu: true },
  { path: "/tasks", group: "overview", title: "tasks", right: "", load: () => import("./pages/tasks") },
  { path: "/sign-in", group: "overview", title: "signIn", right: "", load: () => import("./pages/sign-in"), chrome: "bare" },
  { path: "/orders", group: "orders", title: "orders", right: "order.read", load: () => import("./pages/orders") },
  { path: "/orders/new", group: "orders", title: "newOrder", right: "order.place", load: () => import("./pages/new-order"), menu: false },
  { path: "/orders/:id", group: "orders", title: "order", right: "order.read", load: () => import("./pages/order"), chrome: "work" },
  { path: "/speak", group: "orders", title: "speak", right: "original.write", load: () => import("./pages/speak") },
  { path: "/after-sales", group: "orders", title: "afterSales", right: "after_sale.read", load: () => import("./pages/after-sales") },
  { path: "/after-sales/:id", group: "orders", title: "afterSales", right: "after_sale.read", load: () => import("./pages/after-sales/one") },
  { path: "/orders/merging", group: "orders", title: "merging", right: "order.read", load: () => import("./pages/merging") },
  { path: "/group-buys", group: "orders", title: "groupBuys", right: "order_type.read", load: () => import("./pages/group-buys") },
  { path: "/incidents", group: "orders", title: "incidents", right: "finding.read", load: () => import("./pages/incidents") },
  { path: "/review", group: "orders", title: "review", right: "review.read", load: () => import("./pages/review"), chrome: "work" },
  { path: "/review/sandbox", group: "orders", title: "sandbox", right: "review.read", load: () => import("./pages/review/sandbox") },
  { path: "/review/:id", group: "orders", title: "review", right: "review.read", load: () => import("./pages/review"), chrome: "work" },
  { path: "/photo", group: "orders", title: "photo", right: "original.write", load: () => import("./pages/photo") },
  { path: "/imports", group: "orders", title: "imports", right: "master.read", load: () => import("./pages/imports") },
  { path: "/imports/:id", group: "orders", title: "imports", right: "master.read", load: () => import("./pages/imports/wizard") },
  { path: "/imports/:id/:step", group: "orders", title: "imports", right: "master.read", load: () => import("./pages/imports/wizard") },
  { path: "/jobs", group: "orders", title: "jobs", right: "order.read", load: () => import("./pages/jobs") },
  { path: "/jobs/:id", group: "orders", title: "jobs", right: "order.read", load: () => import("./pages/jobs/job") },
  { path: "/stock", group: "fulfilment", title: "stock", right: "stock.read", load: () => import("./pages/stock") },
  { path: "/transfers", group: "fulfilment", title: "transfers", right: "transfer.read", load: () => import("./pages/transfers") },
  { path: "/transfers/:id", group: "fulfilment", title: "transfers", right: "transfer.read", load: () => import("./pages/transfers/one") },
  { path: "/promises", group: "fulfilment", title: "promises", right: "promise.read", load: () => import("./pages/promises") },
  { path: "/promises/gaps", group: "fulfilment", title: "promiseGaps", right: "promise.read", load: () => import("./pages/promise-gaps") },
  { path: "/twin", group: "fulfilment", title: "twin", right: "signal.read", load: () => import("./pages/twin") },
  { path: "/twin/:wh", group: "fulfilment", title: "twin", right: "signal.read", load: () => import("./pages/twin/floor"), chrome: "work" },
  { path: "/resilience", group: "fulfilment", title: "resilience", right: "order.read", load: () => import("./pages/resilience") },
  { path: "/signals", group: "decisions", title: "signals", right: "signal.read", load: () => import("./pages/signals") },
  { path: "/redecisions", group: "decisions", title: "redecisions", right: "order.read", load: () => import("./pages/redecisions") },
  { path: "/redecisions/:no", group: "decisions", title: "redecisions", right: "order.read", load: () => import("./pages/redecisions/run") },
  { path: "/replans", group: "decisions", title: "replans", right: "order.read", load: () => import("./pages/replans") },
  { path: "/replans/:id", group: "decisions", title: "replans", right: "order.read", load: () => import("./pages/replans/run") },
  { path: "/coefficients", group: "decisions", title: "coefficients", right: "routing.read", load: () => import("./pages/coefficients") },
  { path: "/negotiations", group: "decisions", title: "negotiations", right: "order.read", load: () => import("./pages/negotiations") },
  { path: "/negotiations/:id", group: "decisions", title: "negotiations", right: "order.read", load: () => import("./pages/negotiations/one") },
  { path: "/policies", group: "decisions", title: "policies", right: "routing.read", load: () => import("./pages/policies") },
  { path: "/policies/:id", group: "decisions", title: "policies", right: "routing.read", load: () => import("./pages/policies"), chrome: "work" },
  { path: "/intercepts", group: "decisions", title: "intercepts", right: "order.read", load: () => import("./pages/intercepts") },
  { path: "/contract/actions", group: "contract", title: "contractActions", right: "contract.read", load: () => import("./pages/contract-actions") },
  { path: "/contract/actions/:id", group: "contract", title: "contractActions", right: "contract.read", load: () => import("./pages/contract-actions") },
  { path: "/contract/clauses", group: "contract", title: "clauses", right: "contract.read", load: () => import("./pages/contract-clauses") },
  { path: "/time", group: "contract", title: "time", right: "time.read", load: () => import("./pages/time") },
  { path: "/evidence/bundles", group: "contract", title: "bundles", right: "trust.read", load: () => import("./pages/bundles") },
  { path: "/evidence", group: "contract", title: "evidence", right: "log.read", load: () => import("./pages/evidence") },
  { path: "/reconcile", group: "money", title: "reconcile", right: "reconcile.read", load: () => import("./pages/reconcile") },
  { path: "/reconcile/runs/:id", group: "money", title: "reconcile", right: "reconcile.read", load: () => import("./pages/reconcile/run") },
  { path: "/reconcile/differences/:id", group: "money", title: "reconcile", right: "reconcile.read", load: () => import("./pages/reconcile/difference") },
  { path: "/channels", group: "connect", title: "channels", right: "inbox.read", load: () => import("./pages/channels") },
  { path: "/channels/pulls", group: "connect", title: "pulls", right: "account.admin", load: () => import("./pages/pulls") },
  { path: "/events", group: "connect", title: "events", right: "subscription.read", load: () => import("./pages/events") },
  { path: "/intents", group: "connect", title: "intents", right: "intent.read", load: () => import("./pages/intents") },
  { path: "/intents/gauges", group: "connect", title: "gauges", right: "device.read", load: () => import("./pages/gauges") },
  { path: "/modalities/templates", group: "connect", title: "documentTemplates", right: "modality.read", load: () => import("./pages/templates") },
  { path: "/modalities/templates/:code", group: "connect", title: "documentTemplates", right: "modality.read", load: () => import("./pages/templates/teaching"), chrome: "work" },
  { path: "/modalities", group: "connect", title: "modalities", right: "modality.read", load: () => import("./pages/modalities") },
  { path: "/devices", group: "connect", title: "devices", right: "device.read", load: () => import("./pages/devices") },
  { path: "/devices/:code", group: "connect", title: "devices", right: "device.read", load: () => import("./pages/devices/device") },
  { path: "/connectors", group: "connect", title: "connectors", right: "connector.read", load: () => import("./pages/connectors") },
  { path: "/health-board", group: "connect", title: "health", right: "health.read", load: () => import("./pages/health-board") },
  { path: "/weaver", group: "connect", title: "weaver", right: "woven.read", load: () => import("./pages/weaver") },
  { path: "/weaver/:id", group: "connect", title: "weaver", right: "woven.read", load: () => import("./pages/weaver"), chrome: "work" },
  { path: "/settlement", group: "money", title: "settlement", right: "settlement.read", load: () => import("./pages/settlement") },
  { path: "/order-types", group: "money", title: "orderTypes", right: "order_type.read", load: () => import("./pages/order-types") },
  { path: "/order-types/:id", group: "money", title: "orderTypes", right: "order_type.read", load: () => import("./pages/order-types"), chrome: "work" },
  { path: "/assets", group: "data", title: "assets", right: "asset.read", load: () => import("./pages/assets") },
  { path: "/assets/map", group: "data", title: "assetMap", right: "asset.read", load: () => import("./pages/asset-map") },
  { path: "/assets/classes", group: "data", title: "assetClasses", right: "asset.read", load: () => import("./pages/asset-classes") },
  { path: "/assets/shares", group: "data", title: "assetShares", right: "asset.read", load: () => import("./pages/asset-shares") },
  { path: "/assets/metrics", group: "data", title: "metrics", right: "asset.read", load: () => import("./pages/metrics") },
  { path: "/assets/value", group: "data", title: "assetValue", right: "licence.read", load: () => import("./pages/asset-value") },
  { path: "/assets/associations", group: "data", title: "associations", right: "association.read", load: () => import("./pages/associations") },
  { path: "/assets/return-reasons", group: "data", title: "returnReasons", right: "asset.aggregate", load: () => import("./pages/return-reasons") },
  { path: "/assets/:name", group: "data", title: "asset", right: "asset.read", load: () => import("./pages/asset") },
  { path: "/agent", group: "agent", title: "proposals", right: "agent.read", load: () => import("./pages/agent") },
  { path: "/coe", group: "agent", title: "coe", right: "coe.read", load: () => import("./pages/coe") },
  { path: "/forecasts", group: "agent", title: "forecasts", right: "forecast.read", load: () => import("./pages/forecasts") },
  { path: "/forecasts/orders", group: "agent", title: "orderRisks", right: "forecast.read", load: () => import("./pages/order-risks") },
  { path: "/network", group: "agent", title: "network", right: "forecast.read", load: () => import("./pages/network") },
  { path: "/settings/masters", group: "settings", title: "masterData", right: "master.read", load: () => import("./pages/masters") },
  { path: "/settings/names", group: "settings", title: "names", right: "master.read", load: () => import("./pages/names") },
  { path: "/settings/dictionary", group: "settings", title: "dictionary", right: "master.read", load: () => import("./pages/dictionary") },
  { path: "/settings/people", group: "settings", title: "people", right: "person.read", load: () => import("./pages/people") },
  { path: "/settings/policies", group: "settings", title: "rights", right: "policy.read", load: () => import("./pages/authorisation") },
  { path: "/settings/delegations", group: "settings", title: "delegations", right: "action.lend", load: () => import("./pages/delegations") },
  { path: "/settings/keys", group: "settings", title: "keys", right: "key.admin", load: () => import("./pages/keys") },
  { path: "/settings/assistants", group: "settings", title: "assistants", right: "agent.write", load: () => import("./pages/assistant-settings") },
  { path: "/settings/calendars", group: "settings", title: "calendars", right: "promise.read", load: () => import("./pages/calendars") },
  { path: "/settings/links", group: "settings", title: "customerLinks", right: "link.read", load: () => import("./pages/customer-links") },
  { path: "/settings/after-sales", group: "settings", title: "afterSaleSettings", right: "after_sale.read", load: () => import("./pages/after-sale-settings") },
  { path: "/settings/paid", group: "settings", title: "paid", right: "order.read", load: () => import("./pages/paid") },
  { path: "/settings/remedies", group: "settings", title: "remedies", right: "merchant.read", load: () => import("./pages/remedy-settings") },
  { path: "/settings/notices", group: "settings", title: "notices", right: "merchant.read", load: () => import("./pages/alert-channels") },
  { path: "/settings/merchant", group: "settings", title: "tenant", right: "merchant.read", load: () => import("./pages/merchant") },
  { path: "/settings/account", group: "settings", title: "me", right: "", load: () => import("./pages/me") },
  { path: "/pda", group: "fulfilment", title: "pda", right: "floor.read", load: () => import("./pages/pda"), chrome: "bare", menu: true },
  { path: "/pda/queue", group: "fulfilment", title: "pdaQueue", right: "floor.read", load: () => import("./pages/pda"), chrome: "bare" },
  { path: "/pda/returns", group: "fulfilment", title: "pdaReturns", right: "after_sale.inspect", load: () => import("./pages/pda"), chrome: "bare" },
  { path: "/pda/pick/:order/:fulfilment", group: "fulfilment", title: "pick", right: "floor.pick", load: () => import("./pages/pda"), chrome: "bare" },
  { path: "/pda/pack/:order/:fulfilment", group: "fulfilment", title: "pack", right: "floor.pack", load: () => import("./pages/pda"), chrome: "bare" },
  { path: "/pda/review/:order/:fulfilment", group: "fulfilment", title: "outbound", right: "floor.review", load: () => import("./pages/pda"), chrome: "bare" },
  { path: "/pda/handover/:order/:fulfilment", group: "fulfilment", title: "handOver", right: "floor.handover", load: () => import("./pages/pda"), chrome: "bare" },
];
