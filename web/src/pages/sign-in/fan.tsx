/** The hinge and all that it may open to; the bright ray is the way that was chosen. */
const CENTRE = { x: 188, y: 500 };
const RINGS = [100, 145, 190, 215, 262, 310, 360, 410, 470, 540, 610, 690];
const RAYS = Array.from({ length: 33 }, (_, i) => -88 + i * 5.5);
const NODES: readonly [ring: number, degrees: number][] = [
  [2, -52], [3, 62], [4, -8], [4, 30], [5, 2], [5, -38], [5, 48], [6, -22], [6, 70], [7, 12],
  [7, -62], [8, 26], [8, -14], [9, -34], [9, 6], [10, 40], [10, -48], [11, -26], [11, 18], [11, 58],
];
const CHOSEN = { ring: 9, degrees: -16 };

function at(radius: number, degrees: number) {
  const angle = (degrees * Math.PI) / 180;
  return { x: CENTRE.x + radius * Math.cos(angle), y: CENTRE.y + radius * Math.sin(angle) };
}

/** A picture without words: hidden from those who read the page aloud. */
export function Fan() {
  const chosen = at(RINGS[CHOSEN.ring] ?? 0, CHOSEN.degrees);
  return (
    <svg className="fan" viewBox="0 0 800 1000" preserveAspectRatio="xMinYMid slice" aria-hidden="true">
      <g className="fan-lines">
        {RINGS.map((radius) => (
          <path
            key={radius}
            d={`M${CENTRE.x} ${CENTRE.y - radius}A${radius} ${radius} 0 0 1 ${CENTRE.x} ${CENTRE.y + radius}`}
          />
        ))}
        {RAYS.map((degrees) => {
          const far = at(720, degrees);
          return <line key={degrees} x1={CENTRE.x} y1={CENTRE.y} x2={far.x} y2={far.y} />;
        })}
      </g>
      <g className="fan-nodes">
        {NODES.map(([ring, degrees]) => {
          const { x, y } = at(RINGS[ring] ?? 0, degrees);
          return <circle key={`${ring} ${degrees}`} cx={x} cy={y} r="5" />;
        })}
      </g>
      <line className="fan-chosen" x1={CENTRE.x} y1={CENTRE.y} x2={chosen.x} y2={chosen.y} />
      <circle className="fan-chosen" cx={chosen.x} cy={chosen.y} r="9" />
      <rect className="fan-leaf" x="176" y="313" width="23" height="148" rx="8" />
      <rect className="fan-pin" x="176" y="468" width="23" height="64" rx="8" />
      <rect className="fan-leaf" x="176" y="540" width="23" height="148" rx="8" />
    </svg>
  );
}
