import { useAsked } from "@/parts/use-asked";
import { SkuPage } from "./sku-page";
import "./stock.css";
import { StockList } from "./stock-list";

/** 库存: which goods cannot cover the orders that wait; one of them with each warehouse. */
export default function Stock() {
  const { asked } = useAsked();
  const sku = asked("sku");
  return sku ? <SkuPage key={sku} sku={sku} /> : <StockList />;
}
