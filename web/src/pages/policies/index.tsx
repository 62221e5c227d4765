import { useParams } from "react-router";
import { PolicyList } from "./list";
import "./policies.css";
import { DraftPage, SetPage } from "./work";

const DIGEST = /^[0-9a-f]{64}$/;

/** 策略画布: what rules the routing of orders, and the way of a new set to live. */
export default function Policies() {
  const { id = "" } = useParams();
  if (id === "") return <PolicyList />;
  return DIGEST.test(id) ? <SetPage key={id} digest={id} /> : <DraftPage key={id} id={id} />;
}
