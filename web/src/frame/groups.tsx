import {
  AccountBookOutlined,
  ApiOutlined,
  BranchesOutlined,
  ContainerOutlined,
  DashboardOutlined,
  DatabaseOutlined,
  FileTextOutlined,
  RobotOutlined,
  SafetyCertificateOutlined,
  SettingOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";
import { type Group, PAGES, type Page } from "@/pages";

/** The groups of the rail from top to bottom; settings stands at the foot. */
export const GROUPS: readonly { group: Group; Icon: ComponentType }[] = [
  { group: "overview", Icon: DashboardOutlined },
  { group: "orders", Icon: FileTextOutlined },
  { group: "fulfilment", Icon: ContainerOutlined },
  { group: "decisions", Icon: BranchesOutlined },
  { group: "contract", Icon: SafetyCertificateOutlined },
  { group: "connect", Icon: ApiOutlined },
  { group: "money", Icon: AccountBookOutlined },
  { group: "data", Icon: DatabaseOutlined },
  { group: "agent", Icon: RobotOutlined },
  { group: "settings", Icon: SettingOutlined },
];

/** Whether a page stands in the menu for a person with these rights. */
export function isListed(page: Page, rights: readonly string[]): boolean {
  const named = (page.menu ?? page.chrome !== "bare") && !page.path.includes(":");
  return named && (page.right === "" || rights.includes(page.right));
}

/** The pages of a group that these rights open, in the order of the registry. */
export function pagesOf(group: Group, rights: readonly string[]): readonly Page[] {
  return PAGES.filter((page) => page.group === group && isListed(page, rights));
}

/** The page that an address belongs to in the menu: /orders for /orders/123. */
export function menuPath(pathname: string, pages: readonly Page[]): string | undefined {
  return pages
    .map((page) => page.path)
    .filter((path) => pathname === path || (path !== "/" && pathname.startsWith(`${path}/`)))
    .sort((a, b) => b.length - a.length)[0];
}
