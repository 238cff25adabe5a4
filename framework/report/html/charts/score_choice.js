// Charts of scores: the choice of pairing, attacker and recogniser that they share.
'use strict';
/**
 * @param panels  histograms to choose from.
 * @param draw  called with the place and those chosen, of one variant or more.
 */
report.scoreChoice = (section, panels, draw) => {
  const {element, distinct, words} = report;
  const state = {};
  const place = element('div', {class: 'grid'}), controls = element('div', {class: 'controls'});
  const show = () => {
    place.replaceChildren();
    const chosen = panels.filter((panel) => ['picture', 'recogniser', 'attacker'].every((key) => panel[key] === state[key]));
    if (chosen.length) draw(place, chosen);
    else place.append(element('p', {}, 'This attacker has no scores with this recogniser.'));
    report.drawWhenNear();
  };
  for (const [key, label] of [['picture', 'Pairing'], ['attacker', 'Attacker'], ['recogniser', 'Recogniser']]) {
    const names = distinct(panels.map((panel) => panel[key]));
    state[key] = ['different_session', 'mask_to_mask', 'mask_to_face'].find((name) => names.includes(name)) || names[0];
    const made = report.choice(label, names.map((name) => [name, words(name)]), (value) => { state[key] = value; show(); });
    made.select.value = state[key];
    controls.append(made.label);
  }
  section.append(controls, place);
  show();
};
/** How a panel is called: what is probed, and with what. */
report.panelName = (panel) => panel.attacker === 'cross_mask' ? `${panel.variant} → ${panel.gallery_variant}` : panel.variant;
