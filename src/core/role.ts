/** Which of the two charms a unit is of. */
export type Role = 'control-plane' | 'worker';
