<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis styleCategories="Symbology">
  <pipe>
    <provider>
      <resampling enabled="false" zoomedOutResamplingMethod="nearestNeighbour" maxOversampling="2" zoomedInResamplingMethod="nearestNeighbour"/>
    </provider>
    <rasterrenderer type="paletted" band="3" alphaBand="-1" opacity="1" nodataColor="">
      <rasterTransparency/>
      <colorPalette>
        <paletteEntry value="33" label="High susceptibility, high uncertainty (0.10 and more)" alpha="255" color="#efd2d1"/>
        <paletteEntry value="32" label="High susceptibility, moderate uncertainty (0.05 to 0.10)" alpha="255" color="#e4817f"/>
        <paletteEntry value="31" label="High susceptibility, low uncertainty (below 0.05)" alpha="255" color="#d7191c"/>
        <paletteEntry value="23" label="Moderate susceptibility, high uncertainty (0.10 and more)" alpha="255" color="#f3ecd8"/>
        <paletteEntry value="22" label="Moderate susceptibility, moderate uncertainty (0.05 to 0.10)" alpha="255" color="#f3dc94"/>
        <paletteEntry value="21" label="Moderate susceptibility, low uncertainty (below 0.05)" alpha="255" color="#f0c43a"/>
        <paletteEntry value="13" label="Low susceptibility, high uncertainty (0.10 and more)" alpha="255" color="#cfdde8"/>
        <paletteEntry value="12" label="Low susceptibility, moderate uncertainty (0.05 to 0.10)" alpha="255" color="#8ab4d3"/>
        <paletteEntry value="11" label="Low susceptibility, low uncertainty (below 0.05)" alpha="255" color="#2c7bb6"/>
      </colorPalette>
    </rasterrenderer>
    <brightnesscontrast contrast="0" brightness="0" gamma="1"/>
    <huesaturation saturation="0" colorizeOn="0" colorizeGreen="128" invertColors="0" colorizeRed="255" colorizeStrength="100" colorizeBlue="128" grayscaleMode="0"/>
    <rasterresampler maxOversampling="2"/>
    <resamplingStage>resamplingFilter</resamplingStage>
  </pipe>
  <blendMode>0</blendMode>
</qgis>
