/** The hinge and all that it may open to; the bright ray is the way that was chosen. */
const CENTRE = { x: 188, y: 500 };
const RING_FIRST = 86;
const RING_STEP = 47.6;
const RINGS = Array.from({ length: 20 }, (_, i) => RING_FIRST + i * RING_STEP);
const RAY_STEP = 4.875;
const RAYS = Array.from({ length: 37 }, (_, i) => (i - 18) * RAY_STEP);
/** Ring and ray (counted from the level one, upwards negative). */
const NODES: readonly [ring: number, ray: number][] = [
  [8, -15], [10, -11], [11, -9], [6, -18], [7, -10], [5, -16], [10, -6], [4, -13], [11, -5],
  [6, -8], [6, -7], [3, -12], [11, -4], [9, -2], [5, -1], [6, 0], [5, 1], [11, 2], [3, 4], [4, 5],
  [9, 3], [3, 7], [5, 6], [3, 9], [7, 8], [4, 18], [7, 10], [5, 16], [10, 11], [9, 12], [9, 13],
  [9, 14], [8, 17],
];
const CHOSEN = { ring: 10, ray: -3 };

function at(ring: number, ray: number) {
  const radius = RING_FIRST + ring * RING_STEP;
  const angle = (ray * RAY_STEP * Math.PI) / 180;
  return { x: CENTRE.x + radius * Math.cos(angle), y: CENTRE.y + radius * Math.sin(angle) };
}

/** A picture without words: hidden from those who read the page aloud. */
export function Fan() {
  const chosen = at(CHOSEN.ring, CHOSEN.ray);
  return (
    <svg className="fan" viewBox="0 0 800 1000" preserveAspectRatio="xMinYMid slice" aria-hidden="true">
      <g className="fan-lines">
        {RINGS.map((radius, i) => (
          <path
            key={radius}
            data-heavy={i % 3 === 0}
            d={`M${CENTRE.x} ${CENTRE.y - radius}A${radius} ${radius} 0 0 1 ${CENTRE.x} ${CENTRE.y + radius}`}
          />
        ))}
        {RAYS.map((degrees) => {
          const far = at(RINGS.length, degrees / RAY_STEP);
          return <line key={degrees} x1={CENTRE.x} y1={CENTRE.y} x2={far.x} y2={far.y} />;
        })}
      </g>
      <g className="fan-nodes">
        {NODES.map(([ring, ray]) => {
          const { x, y } = at(ring, ray);
          return <circle key={`${ring} ${ray}`} cx={x} cy={y} r="4.6" />;
        })}
      </g>
      <line className="fan-chosen" x1={CENTRE.x} y1={CENTRE.y} x2={chosen.x} y2={chosen.y} />
      <circle className="fan-chosen" cx={chosen.x} cy={chosen.y} r="9" />
      <rect className="fan-leaf" x="176" y="313" width="23" height="148" rx="8" />
      <rect className="fan-pin" x="176" y="467" width="23" height="66" rx="8" />
      <rect className="fan-leaf" x="176" y="540" width="23" height="148" rx="8" />
    </svg>
  );
}
