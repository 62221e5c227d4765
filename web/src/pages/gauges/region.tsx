import { type PointerEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

export type Box = readonly [number, number, number, number];

interface Props {
  src: string;
  width: number;
  height: number;
  box: Box | undefined;
  onBox: (box: Box) => void;
}

/** A picture on which a region is drawn by dragging; its numbers stand in the form beside. */
export function Region({ src, width, height, box, onBox }: Props) {
  const { t } = useTranslation("gauges");
  const stage = useRef<SVGSVGElement>(null);
  const [from, setFrom] = useState<readonly [number, number]>();
  const place = (event: PointerEvent): readonly [number, number] => {
    const drawn = stage.current?.getBoundingClientRect();
    if (!drawn) return [0, 0];
    const at = (value: number, most: number) => Math.max(0, Math.min(most, Math.round(value)));
    return [
      at(((event.clientX - drawn.left) / drawn.width) * width, width),
      at(((event.clientY - drawn.top) / drawn.height) * height, height),
    ];
  };
  const drag = (event: PointerEvent) => {
    if (!from) return;
    const [x, y] = place(event);
    onBox([Math.min(from[0], x), Math.min(from[1], y), Math.abs(x - from[0]), Math.abs(y - from[1])]);
  };
  return (
    <div className="gauges-region">
      <img src={src} alt={t("picture")} draggable={false} />
      <svg
        ref={stage}
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={t("drawHint")}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setFrom(place(event));
        }}
        onPointerMove={drag}
        onPointerUp={(event) => {
          drag(event);
          setFrom(undefined);
        }}
      >
        {box && <rect x={box[0]} y={box[1]} width={box[2]} height={box[3]} />}
      </svg>
    </div>
  );
}
