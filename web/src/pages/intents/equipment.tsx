import { useTranslation } from "react-i18next";
import type { IntentGraph } from "@/api/types.gen";
import { Card } from "@/parts/card";
import { Adding } from "./columns";
import { type Kind, nameOf, nodes } from "./model";

interface Props {
  graph: IntentGraph;
  isOpen: boolean;
  onPick: (kind: Kind, code: string) => void;
  onAdd: (kind: Kind, title: string) => void;
}

/** The classes of equipment that symptoms and regulations are about. */
export function EquipmentCard({ graph, isOpen, onPick, onAdd }: Props) {
  const { t } = useTranslation("intents");
  return (
    <Card title={t("kinds.equipment")}>
      <ul className="intents-equipment">
        {nodes(graph, "equipment").map((one) => (
          <li key={one.code}>
            <button type="button" onClick={() => onPick("equipment", one.code)}>
              {nameOf(one)}
            </button>
          </li>
        ))}
      </ul>
      {isOpen && <Adding kind="equipment" onAdd={(title) => onAdd("equipment", title)} />}
    </Card>
  );
}
